"""The public door: responses in, a calibration out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from psychometrics.calibration.preparation import Models, Prepared, prepare
from psychometrics.calibration.priors import Prior
from psychometrics.calibration.result import CalibrationResult
from psychometrics.models.base import ItemParameters
from psychometrics.quadrature import Grid, normal_grid

ESTIMATORS = ("mml", "girth")
LATENT = ("normal", "histogram")


def calibrate(
    responses: Any,
    model: Models = "auto",
    *,
    item_id: Sequence[str] | None = None,
    groups: Any = None,
    reference_group: Any = None,
    fixed: ItemParameters | None = None,
    priors: Mapping[str, Prior | str] | None = None,
    dimensions: Sequence[str] | Mapping[str, str] | None = None,
    latent: str = "normal",
    estimator: str = "mml",
    executor: Any = None,
    progress: Callable[[int, float], None] | None = None,
    n_categories: Sequence[int] | None = None,
    grid: Grid | None = None,
    min_responses: int = 10,
    tolerance: float = 1e-6,
    max_iterations: int = 500,
) -> CalibrationResult:
    """Item parameters by marginal maximum likelihood (Bock & Aitkin 1981, Psychometrika 46).

    responses: (n_persons, n_items) scored categories from 0, `MISSING` or NaN where an item was not administered.
    model: rasch, 1pl, 2pl, 3pl, 4pl, pcm, gpcm, grm, nrm or auto; one name, one an item, or a mapping by item_id.
    groups: (n_persons,) labels; the reference group (the first in sorted order, or `reference_group`) is N(0, 1), the
    others have a mean and sd of their own. fixed: items of an existing scale, matched by item_id and held; every
    population is then free (Kim 2006, JEM 43). priors: by reported parameter or intercept, {"guessing": "beta(5, 17)"}.
    dimensions: the competency of each item; competencies correlate freely. latent: "normal" or "histogram".
    executor: anything with `map` (threads by default) or a dask.distributed client. progress: called with the
    iteration and the log-likelihood. grid: nodes of the integral, 61 on [-6, 6] by default; only its nodes are used.
    tolerance: the iteration ends when an EM step is worth less than this in log-likelihood.

    Raises ValueError naming the argument, row or item; what is merely unlucky is a sentence in `status` or
    `item_status`.
    """
    if estimator not in ESTIMATORS:
        raise ValueError(f"estimator {estimator!r} is not one of {', '.join(ESTIMATORS)}")
    if latent not in LATENT:
        raise ValueError(f"latent {latent!r} is not one of {', '.join(LATENT)}")
    prepared = prepare(
        responses, model, item_id=item_id, groups=groups, reference_group=reference_group, fixed=fixed,
        priors=priors, n_categories=n_categories, min_responses=min_responses,
    )  # fmt: skip
    nodes = (normal_grid() if grid is None else grid).nodes
    if estimator == "girth":
        from psychometrics.calibration.girth_backend import calibrate_with_girth

        return calibrate_with_girth(prepared, nodes, dimensions, latent)
    if dimensions is not None:
        return _several(prepared, dimensions, latent, nodes, executor, progress, tolerance, max_iterations)
    from psychometrics.calibration.one_dimension import calibrate_one_dimension

    return calibrate_one_dimension(
        prepared, nodes, latent == "histogram", executor, progress, tolerance=tolerance, max_iterations=max_iterations
    )


def _several(
    prepared: Prepared, dimensions: Sequence[str] | Mapping[str, str], latent: str, nodes: Any, executor: Any,
    progress: Callable[[int, float], None] | None, tolerance: float, max_iterations: int,
) -> CalibrationResult:  # fmt: skip
    from psychometrics.calibration.several_dimensions import calibrate_dimensions

    if latent != "normal":
        raise ValueError("several dimensions need latent='normal'; a histogram has no correlations")
    labels = competencies(dimensions, prepared.item_id)
    return calibrate_dimensions(
        prepared, labels, nodes, executor, progress, tolerance=tolerance, max_iterations=max_iterations
    )


def competencies(dimensions: Sequence[str] | Mapping[str, str], item_id: tuple[str, ...]) -> tuple[str, ...]:
    """The dimension of each item. Raises ValueError naming an item without one."""
    if isinstance(dimensions, Mapping):
        absent = [name for name in item_id if not dimensions.get(name)]
        if absent:
            raise ValueError(f"dimensions names no competency for item {absent[0]}")
        return tuple(str(dimensions[name]) for name in item_id)
    labels = list(dimensions)
    if len(labels) != len(item_id):
        raise ValueError(f"dimensions has {len(labels)} entries for {len(item_id)} items")
    for name, label in zip(item_id, labels, strict=True):
        if label is None or label == "":
            raise ValueError(f"dimensions names no competency for item {name}")
    return tuple(str(label) for label in labels)
