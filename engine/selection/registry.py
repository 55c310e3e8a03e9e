"""Selection criteria by name. A criterion is one function in `criteria.py`, a name in `engine.designs`, a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.designs.measuring import CRITERION_NAMES, criterion_name
from engine.selection import criteria
from engine.selection.criteria import Floats, Situation
from engine.selection.tables import Block


@dataclass(frozen=True, slots=True)
class Criterion:
    """scores: (block, situation) → (n_persons, n_items), higher being better.

    weighs: whether it asks which competencies are still to be decided.
    """

    scores: Callable[[Block, Situation], Floats]
    weighs: bool = False


CRITERIA: dict[str, Criterion] = {
    "maximum_information": Criterion(criteria.maximum_information),
    "likelihood_weighted_information": Criterion(criteria.likelihood_weighted_information),
    "posterior_weighted_information": Criterion(criteria.posterior_weighted_information),
    "kullback_leibler": Criterion(criteria.kullback_leibler),
    "kullback_leibler_posterior": Criterion(criteria.kullback_leibler_posterior),
    "kullback_leibler_cut": Criterion(criteria.kullback_leibler_cut),
    "expected_posterior_variance": Criterion(criteria.expected_posterior_variance),
    "expected_information": Criterion(criteria.expected_information),
    "global_discrimination": Criterion(criteria.global_discrimination),
    "global_discrimination_posterior": Criterion(criteria.global_discrimination_posterior),
    "nearest_difficulty": Criterion(criteria.nearest_difficulty),
    "stratified": Criterion(criteria.stratified),
    "random": Criterion(criteria.random),
    "progressive": Criterion(criteria.progressive),
    "proportional": Criterion(criteria.proportional),
    "information_at_cut": Criterion(criteria.information_at_cut),
    "mutual_information": Criterion(criteria.mutual_information),
    "d_optimality": Criterion(criteria.d_optimality, weighs=True),
    "a_optimality": Criterion(criteria.a_optimality, weighs=True),
}

if set(CRITERIA) != CRITERION_NAMES:
    raise RuntimeError(f"Criteria and their names differ: {sorted(set(CRITERIA) ^ CRITERION_NAMES)}.")


def find_criterion(name: str) -> Criterion | None:
    """The criterion of this name or abbreviation, None when there is none."""
    full = criterion_name(name)
    return None if full is None else CRITERIA[full]
