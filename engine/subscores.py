"""Whether a competency's own score says more than the total: Haberman's proportional reduction of mean squared error.

Haberman (2008), Journal of Educational and Behavioral Statistics 33, 204–229: a subscore is worth reporting when it
predicts the true subscore better than the total does.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from itembank.records import Record
from psychometrics.reliability import subscore_value


class SubscoreWorth(Record, frozen=True, kw_only=True):
    """PRMSE of one subscore: by itself, by the total, by both; `adds_value` when it beats the total."""

    competency: str
    from_subscore: float
    from_total: float
    from_both: float
    adds_value: bool
    n_persons: int


def subscores_worth(
    competencies: Sequence[str], percents: ArrayLike, reliability: ArrayLike
) -> tuple[SubscoreWorth, ...]:
    """The worth of every competency's score in a group.

    Args:
        competencies: keys, one a column.
        percents: (n_persons, n_competencies), the observed subscores.
        reliability: (n_competencies,), of the subscores.
    """
    scores = np.asarray(percents, dtype=np.float64)
    value = subscore_value(scores, reliability)
    return tuple(
        SubscoreWorth(
            competency=key,
            from_subscore=float(value.from_subscore[place]),
            from_total=float(value.from_total[place]),
            from_both=float(value.from_both[place]),
            adds_value=bool(value.from_subscore[place] > value.from_total[place]),
            n_persons=len(scores),
        )
        for place, key in enumerate(competencies)
    )
