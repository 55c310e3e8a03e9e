"""Scores at the nodes: derivatives of the log probabilities by the parameters that are estimated.

Arrays run parameters, items, nodes here, so that a parameter of all items is one matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.marginal_ml import Parameters, Problem
from psychometrics.calibration.maximisation import TINY, Kind
from psychometrics.models.base import Array

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class ScoreTable:
    """Scores of one kind at the nodes: that of category 0, and what each higher category has beyond it.

    base (p, n_items, n_nodes); beyond (K - 1, p, n_items, n_nodes); rise (K - 1, p): how much `beyond` rises with theta
    where it is linear, or None; rows (n_items, K): indicator row of each category, -1 where category 0 is implied.
    """

    base: Float32
    beyond: Float32
    rise: Array | None
    rows: NDArray[np.int64]

    @property
    def complete(self) -> bool:
        """Whether nobody skipped an item."""
        return bool((self.rows[:, 0] < 0).all())


def score_tables(problem: Problem, parameters: Parameters) -> list[ScoreTable]:
    """d log P / d free parameters of each estimated kind at the nodes."""
    nodes = parameters.population.nodes
    pairs = zip(problem.kinds, parameters.working, strict=True)
    return [_score_table(problem, kind, working, nodes) for kind, working in pairs if kind.estimated]


def _score_table(problem: Problem, kind: Kind, working: Array, nodes: Array) -> ScoreTable:
    probability = np.maximum(kind.model.probabilities(working, nodes), TINY)
    score = kind.model.parameter_gradient(working, nodes)[:, kind.free] / probability[:, None]
    score = score.transpose(2, 1, 0, 3)
    rise = kind.model.logit_rise(kind.n_categories)
    return ScoreTable(
        np.ascontiguousarray(score[0], dtype=np.float32),
        np.ascontiguousarray(score[1:] - score[0], dtype=np.float32),
        None if rise is None else rise[:, kind.free],
        problem.layout.column_of[kind.where, : kind.n_categories],
    )
