"""Linking calibrations to one theta scale, and equating the scores of forms that share it: two different things."""

from psychometrics.equating.drift import DriftScreen, screen_anchors
from psychometrics.equating.linking import Linking, link, linked_items
from psychometrics.equating.scale import rescale_items, rescale_theta
from psychometrics.equating.true_score import EquatedScores, true_score_equating

__all__ = [
    "DriftScreen",
    "EquatedScores",
    "Linking",
    "link",
    "linked_items",
    "rescale_items",
    "rescale_theta",
    "screen_anchors",
    "true_score_equating",
]
