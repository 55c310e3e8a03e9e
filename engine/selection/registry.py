"""Selection criteria by name. A criterion is one function in `criteria.py` and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.selection import criteria
from engine.selection.criteria import Floats, Situation
from engine.selection.tables import Block


@dataclass(frozen=True, slots=True)
class Criterion:
    """scores: (block, situation) → (n_persons, n_items), higher being better; `needs_cut` when it aims at a cut."""

    scores: Callable[[Block, Situation], Floats]
    needs_cut: bool = False


CRITERIA: dict[str, Criterion] = {
    "maximum_information": Criterion(criteria.maximum_information),
    "likelihood_weighted_information": Criterion(criteria.likelihood_weighted_information),
    "posterior_weighted_information": Criterion(criteria.posterior_weighted_information),
    "kullback_leibler": Criterion(criteria.kullback_leibler),
    "kullback_leibler_posterior": Criterion(criteria.kullback_leibler_posterior),
    "kullback_leibler_cut": Criterion(criteria.kullback_leibler_cut, needs_cut=True),
    "expected_posterior_variance": Criterion(criteria.expected_posterior_variance),
    "expected_information": Criterion(criteria.expected_information),
    "global_discrimination": Criterion(criteria.global_discrimination),
    "global_discrimination_posterior": Criterion(criteria.global_discrimination_posterior),
    "nearest_difficulty": Criterion(criteria.nearest_difficulty),
    "stratified": Criterion(criteria.stratified),
    "random": Criterion(criteria.random),
    "progressive": Criterion(criteria.progressive),
    "proportional": Criterion(criteria.proportional),
    "information_at_cut": Criterion(criteria.information_at_cut, needs_cut=True),
    "mutual_information": Criterion(criteria.mutual_information, needs_cut=True),
    "d_optimality": Criterion(criteria.d_optimality),
    "a_optimality": Criterion(criteria.a_optimality),
}

ABBREVIATIONS: dict[str, str] = {
    "MFI": "maximum_information",
    "MLWI": "likelihood_weighted_information",
    "MPWI": "posterior_weighted_information",
    "KL": "kullback_leibler",
    "KLP": "kullback_leibler_posterior",
    "MEPV": "expected_posterior_variance",
    "MEI": "expected_information",
    "GDI": "global_discrimination",
    "GDIP": "global_discrimination_posterior",
}


def find_criterion(name: str) -> Criterion | None:
    """The criterion of this name or abbreviation, None when there is none."""
    return CRITERIA.get(ABBREVIATIONS.get(name, name))
