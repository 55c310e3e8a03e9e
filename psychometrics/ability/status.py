"""What happened to an estimate: a key for programs, a sentence for people."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychometrics.models.base import ItemParameters

STATUS: dict[str, str] = {
    "converged": "The estimate and its error are as the method defines them.",
    "no_responses": "There is no answer yet: theta and its error are those of the prior.",
    "no_information": "The answers tell nothing about ability: theta and its error are those of the prior.",
    "all_lowest": "Every answer is in the lowest category: theta is finite, but the true ability may be lower.",
    "all_highest": "Every answer is in the highest category: theta is finite, but the true ability may be higher.",
    "lower_bound": "No maximum inside the bounds: the likelihood still rises at the lower one, where theta is set.",
    "upper_bound": "No maximum inside the bounds: the likelihood still rises at the upper one, where theta is set.",
    "grid_edge": "The posterior reaches the end of the grid and is cut off there; widen the grid.",
    "grid_coarse": "The posterior is narrower than the grid can show; use more nodes.",
}
"""Every status key and its sentence."""

StatusArray = NDArray[np.str_]


def pattern_status(responses: NDArray[np.int8], items: ItemParameters) -> StatusArray:
    """no_responses, all_lowest, all_highest or converged, from the answers alone: (n_persons,)."""
    answered = responses >= 0
    status = np.full(len(responses), "converged", dtype="<U14")
    status[(responses <= 0).all(axis=1)] = "all_lowest"
    status[(~answered | (responses == items.n_categories - 1)).all(axis=1)] = "all_highest"
    status[~answered.any(axis=1)] = "no_responses"
    return status


def note(status: StatusArray, where: NDArray[np.bool_], key: str) -> None:
    """Write a key where it holds, unless there was no answer at all."""
    status[where & (status != "no_responses")] = key
