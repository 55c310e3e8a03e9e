"""girth (Ryan Sanchez, https://github.com/eribean/girth) as an independent second opinion on the same data.

The only file that imports girth. It knows one model for all items, one standard normal population, no priors and no
standard errors; the log-likelihood reported is computed here from its estimates.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychometrics.arrays import MISSING
from psychometrics.calibration.preparation import Prepared
from psychometrics.calibration.result import CalibrationResult, Group
from psychometrics.calibration.screening import remarks
from psychometrics.likelihood import log_likelihood
from psychometrics.models.base import Array, ItemParameters
from psychometrics.quadrature import normal_weights

FUNCTIONS = {"1pl": "onepl_mml", "2pl": "twopl_mml", "3pl": "threepl_mml", "grm": "grm_mml", "gpcm": "pcm_mml"}
MAX_ITERATIONS = 200
PERSONS_AT_ONCE = 4096
_patching = Lock()


def calibrate_with_girth(prepared: Prepared, nodes: Array, dimensions: Any, latent: str) -> CalibrationResult:
    """Calibrate what was prepared with girth. Raises ValueError on what girth does not do."""
    model = _only_model(prepared, dimensions, latent)
    found = _run(model, prepared.responses, nodes)
    items = _items(prepared, model, found)
    return CalibrationResult(
        log_likelihood=_marginal(items, prepared.responses, nodes),
        status="converged",
        n_iterations=0,
        n_persons=len(prepared.responses),
        n_responses=int(prepared.counts.sum()),
        items=items,
        item_status=tuple(remarks(items, prepared.counts, True)),
        item_responses=prepared.counts.sum(axis=1),
        groups=(Group(group="all", mean=0.0, sd=1.0, n_persons=len(prepared.responses)),),
        notes=(*prepared.notes, "estimated by girth, which reports neither iterations nor standard errors"),
        estimator="girth",
    )


def _only_model(prepared: Prepared, dimensions: Any, latent: str) -> str:
    models = sorted(set(prepared.model))
    refusals = {
        f"one model for all items, not {' and '.join(models)}": len(models) > 1,
        f"the models {', '.join(FUNCTIONS)}, not {models[0]}": models[0] not in FUNCTIONS,
        "one group": len(prepared.group_names) > 1,
        "no fixed items": prepared.fixed is not None,
        "no priors": bool(prepared.priors),
        "one dimension": dimensions is not None,
        "a normal population": latent != "normal",
    }
    for able, refused in refusals.items():
        if refused:
            raise ValueError(f"estimator girth can do only {able}; use estimator='mml'")
    for name, reason in zip(prepared.item_id, prepared.reason, strict=True):
        if reason is not None:
            raise ValueError(f"estimator girth needs every item to be calibrated; item {name}: {reason}")
    return models[0]


def _run(model: str, responses: NDArray[np.int8], nodes: Array) -> dict[str, Any]:
    import girth
    from girth.utilities import INVALID_RESPONSE

    coded = np.where(responses == MISSING, INVALID_RESPONSE, responses.astype(np.int64)).T
    bounds = (float(nodes[0]), float(nodes[-1]))
    options = {"quadrature_n": nodes.size, "quadrature_bounds": bounds, "max_iteration": MAX_ITERATIONS}
    function = getattr(girth, FUNCTIONS[model])
    if model != "3pl":
        found: dict[str, Any] = function(coded, options=options)
        return found
    with _scalar_minimiser():
        found = function(coded, options=options)
    return found


@contextmanager
def _scalar_minimiser() -> Iterator[None]:
    """girth 0.8 stores a one-element array as a number in its 3PL, which numpy 2.4 refuses: hand it a number."""
    module: Any = sys.modules["girth.unidimensional.dichotomous.rasch_mml"]
    with _patching:
        original = module.fminbound

        def minimise(function: Any, *args: Any, **options: Any) -> float:
            return float(original(lambda x: float(np.ravel(function(x))[0]), *args, **options))

        module.fminbound = minimise
        try:
            yield
        finally:
            module.fminbound = original


def _items(prepared: Prepared, model: str, found: dict[str, Any]) -> ItemParameters:
    n_items = len(prepared.item_id)
    slopes = np.broadcast_to(np.asarray(found["Discrimination"], dtype=np.float64), (n_items,))
    located = np.asarray(found["Difficulty"], dtype=np.float64)
    if model in ("1pl", "2pl", "3pl"):
        guessing = found.get("Guessing", np.zeros(n_items))
        records = [
            {"discrimination": a, "difficulty": b, "guessing": c}
            for a, b, c in zip(slopes, located, guessing, strict=True)
        ]
    else:
        name = "thresholds" if model == "grm" else "steps"
        rows = located.reshape(n_items, -1)
        widths = prepared.n_categories - 1
        records = [
            {"discrimination": a, name: row[:k].tolist()} for a, row, k in zip(slopes, rows, widths, strict=True)
        ]
    for name, record in zip(prepared.item_id, records, strict=True):
        if not np.isfinite(np.concatenate([np.ravel(values) for values in record.values()])).all():
            raise ValueError(f"girth found no parameters for item {name}, perhaps for a category nobody is in")
    return ItemParameters.from_records(
        record | {"item_id": name, "model": model} for record, name in zip(records, prepared.item_id, strict=True)
    )


def _marginal(items: ItemParameters, responses: NDArray[np.int8], nodes: Array) -> float:
    weights, total = normal_weights(nodes, 0.0, 1.0), 0.0
    for start in range(0, len(responses), PERSONS_AT_ONCE):
        logs = log_likelihood(items, responses[start : start + PERSONS_AT_ONCE], nodes)
        top = logs.max(axis=1, keepdims=True)
        total += float((np.log(np.exp(logs - top) @ weights) + top[:, 0]).sum())
    return total
