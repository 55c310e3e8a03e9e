"""IRT likelihood ratio: does the test fit better when an item has parameters of its own in each group?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from psychometrics.arrays import MISSING, as_responses
from psychometrics.calibration.calibrate import calibrate
from psychometrics.calibration.result import CalibrationResult
from psychometrics.dif.matching import Mask, chosen_items, focal_mask, purify
from psychometrics.dif.multiplicity import adjust
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import find_model, probabilities
from psychometrics.quadrature import normal_grid

COMPUTED = "computed"
NOT_SETTLED = "the anchors did not settle while flagged items were taken out; the last set is used"
NOT_TESTED = "not among the items to test"
NO_ANCHOR = "no other anchor item is left to put the groups on one scale"
NOT_CONVERGED = "a calibration behind the ratio did not converge"
ONE_GROUP = "one group did not answer the item, or all of it alike, so it cannot have parameters of its own there"

REFERENCE, FOCAL = "reference", "focal"


@dataclass(frozen=True, slots=True, eq=False)
class LikelihoodRatioDif:
    """One row an item, all (n_items,); NaN (df 0) exactly where status says why.

    statistic: twice the gain in log-likelihood from separate parameters, chi-square with df; p, and p_adjusted for the
    number of items tested. signed_difference, unsigned_difference: focal minus reference expected score, and its
    absolute value, as a share of the maximum score and averaged over the focal population. reference, focal: the item's
    parameters in each group, None where it was not tested. focal_mean, focal_sd: the focal population in the final
    baseline, in units of the reference population. anchors: items held equal in it.
    """

    statistic: Array
    df: NDArray[np.int64]
    p: Array
    p_adjusted: Array
    signed_difference: Array
    unsigned_difference: Array
    reference: tuple[ItemParameters | None, ...]
    focal: tuple[ItemParameters | None, ...]
    focal_mean: float
    focal_sd: float
    anchors: Mask
    n_rounds: int
    status: tuple[str, ...]


def likelihood_ratio_dif(
    responses: Any,
    group: Any,
    model: str | Sequence[str] = "2pl",
    *,
    focal: Any = None,
    tested: ArrayLike | None = None,
    anchors: ArrayLike | None = None,
    purification: bool = True,
    max_rounds: int = 3,
    adjustment: str = "bh",
    calibration: Mapping[str, Any] | None = None,
) -> LikelihoodRatioDif:
    """Compare two calibrations for each item: its parameters equal in both groups, and free in each.

    responses: (n_persons, n_items); group, focal: see `comparison`; model: of all items or one an item; tested:
    positions to test, all unless given; anchors: positions held equal in both groups besides the tested one, all unless
    given; purification: items significant at 0.05 after adjustment get parameters of their own and the others are
    tested again, max_rounds times at most; calibration: further arguments of `calibrate`, for instance priors.

    The reference population is N(0, 1), the focal one has a mean and sd of its own, so groups may differ in ability.
    Each item costs a calibration. Thissen, Steinberg & Wainer 1993, in Holland & Wainer (eds), Differential Item
    Functioning; differences weighted by the focal population as in Meade 2010, Journal of Applied Psychology 95.
    Raises ValueError as `calibrate` and `comparison` do.
    """
    answers = as_responses(responses)
    n_items = answers.shape[1]
    models = [model] * n_items if isinstance(model, str) else list(model)
    if len(models) != n_items:
        raise ValueError(f"model has {len(models)} entries for {n_items} items")
    wanted = chosen_items(n_items, tested, "tested")
    study = _Study(answers, focal_mask(group, focal, len(answers)), models, wanted, dict(calibration or {}))
    start = chosen_items(n_items, anchors, "anchors")
    if not purification:
        return study.test(start, adjustment, 0, True)

    def flag(current: Mask) -> Mask:
        return np.nan_to_num(study.test(current, adjustment, 0, True).p_adjusted, nan=1.0) < 0.05

    final, rounds, settled = purify(flag, start, max_rounds)
    return study.test(final, adjustment, rounds, settled)


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    statistic: float = np.nan
    df: int = 0
    signed: float = np.nan
    unsigned: float = np.nan
    reference: ItemParameters | None = None
    focal: ItemParameters | None = None
    status: str = NOT_TESTED


class _Study:
    """Answers whose items can be split in two columns, one for each group; calibrations are kept by what is split."""

    def __init__(
        self, answers: NDArray[np.int8], focal: Mask, models: list[str], wanted: Mask, options: dict[str, Any]
    ) -> None:
        self.answers, self.focal, self.models, self.wanted, self.options = answers, focal, models, wanted, options
        self.kept: dict[bytes, CalibrationResult] = {}
        self.splittable = np.array([self._varies_in_both(i) for i in range(answers.shape[1])])

    def test(self, anchors: Mask, adjustment: str, rounds: int, settled: bool) -> LikelihoodRatioDif:
        free = ~anchors & self.splittable
        baseline = self.calibrated(free)
        rows = [self._row(item, free) for item in range(len(anchors))]
        df = np.array([row.df for row in rows], dtype=np.int64)
        statistic = np.array([row.statistic for row in rows])
        p = np.where(df > 0, scipy.stats.chi2.sf(statistic, np.maximum(df, 1)), np.nan)
        focal = baseline.groups[1]
        return LikelihoodRatioDif(
            statistic=statistic,
            df=df,
            p=p,
            p_adjusted=adjust(p, adjustment),
            signed_difference=np.array([row.signed for row in rows]),
            unsigned_difference=np.array([row.unsigned for row in rows]),
            reference=tuple(row.reference for row in rows),
            focal=tuple(row.focal for row in rows),
            focal_mean=focal.mean,
            focal_sd=focal.sd,
            anchors=anchors,
            n_rounds=rounds,
            status=tuple(row.status if settled or row.status != COMPUTED else NOT_SETTLED for row in rows),
        )

    def calibrated(self, split: Mask) -> CalibrationResult:
        """The calibration in which these items have parameters of their own in each group."""
        if split.tobytes() not in self.kept:
            whole, twice = np.flatnonzero(~split), np.flatnonzero(split)
            apart = [np.where(self.focal == side, self.answers[:, i], MISSING) for i in twice for side in (False, True)]
            names = [str(i) for i in whole] + [f"{i} {side}" for i in twice for side in (REFERENCE, FOCAL)]
            table = np.column_stack([self.answers[:, whole], *apart])
            self.kept[split.tobytes()] = calibrate(
                table,
                dict(zip(names, [self.models[int(name.split()[0])] for name in names], strict=True)),
                item_id=names,
                groups=np.where(self.focal, FOCAL, REFERENCE),
                reference_group=REFERENCE,
                n_categories=[self._n_categories(int(name.split()[0])) for name in names],
                **self.options,
            )
        return self.kept[split.tobytes()]

    def _row(self, item: int, free: Mask) -> _Row:
        if not self.wanted[item]:
            return _Row()
        if not self.splittable[item]:
            return _Row(status=ONE_GROUP)
        equal, apart = free.copy(), free.copy()
        equal[item], apart[item] = False, True
        if apart.all():
            return _Row(status=NO_ANCHOR)
        constrained, augmented = self.calibrated(equal), self.calibrated(apart)
        if not (constrained.converged and augmented.converged):
            return _Row(status=NOT_CONVERGED)
        gain = max(2 * (augmented.log_likelihood - constrained.log_likelihood), 0.0)
        reference, focal = (_find(augmented.items, f"{item} {side}") for side in (REFERENCE, FOCAL))
        signed, unsigned = _differences(reference, focal, augmented.groups[1].mean, augmented.groups[1].sd)
        return _Row(gain, self._df(item), signed, unsigned, reference, focal, COMPUTED)

    def _df(self, item: int) -> int:
        model = find_model(self.models[item])
        n_parameters = len(model.parameter_names(self._n_categories(item)))
        return n_parameters - (model.fixed_slope or model.common_slope)

    def _n_categories(self, item: int) -> int:
        return max(int(self.answers[:, item].max()) + 1, 2)

    def _varies_in_both(self, item: int) -> bool:
        """Both groups gave every category of the item: otherwise one group lacks the evidence for its parameters."""
        seen = [set(np.unique(self.answers[self.focal == side, item]).tolist()) - {MISSING} for side in (False, True)]
        return seen[0] == seen[1] and len(seen[0]) > 1


def _find(items: ItemParameters, name: str) -> ItemParameters:
    return items.take([items.item_id.index(name)])


def _differences(reference: ItemParameters, focal: ItemParameters, mean: float, sd: float) -> tuple[float, float]:
    grid = normal_grid(n_nodes=121, lower=mean - 6 * sd, upper=mean + 6 * sd, mean=mean, sd=sd)
    scores = np.arange(float(reference.n_categories[0]))
    gap = scores @ (probabilities(focal, grid.nodes)[0] - probabilities(reference, grid.nodes)[0]) / scores[-1]
    return float(grid.weights @ gap), float(grid.weights @ np.abs(gap))
