"""Does the model describe the answers? Items, pairs of items, persons, the whole test, and the options not keyed."""

from psychometrics.fit.calibration_fit import calibration_fit
from psychometrics.fit.distractors import DistractorTable, distractor_table
from psychometrics.fit.item_fit import ItemFit, item_fit
from psychometrics.fit.m2 import ModelFit, m2
from psychometrics.fit.mean_squares import MeanSquares, item_mean_squares, person_mean_squares
from psychometrics.fit.person_fit import PersonFit, lz, lz_star
from psychometrics.fit.populations import Populations
from psychometrics.fit.profile_fit import ProfileFit, profile_lz_star
from psychometrics.fit.q3 import Q3, q3
from psychometrics.fit.s_x2 import SX2, s_x2

__all__ = [
    "Q3",
    "SX2",
    "DistractorTable",
    "ItemFit",
    "MeanSquares",
    "ModelFit",
    "PersonFit",
    "Populations",
    "ProfileFit",
    "calibration_fit",
    "distractor_table",
    "item_fit",
    "item_mean_squares",
    "lz",
    "lz_star",
    "m2",
    "person_mean_squares",
    "profile_lz_star",
    "q3",
    "s_x2",
]
