"""The nominal response model (Bock 1972, Psychometrika 37).

P(k | theta) is proportional to exp(slope_k theta + intercept_k), with slope_0 = intercept_0 = 0.
Working parameters: slopes 1 ... K - 1, then intercepts 1 ... K - 1.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from psychometrics.models.base import Array, ItemParameters, Model
from psychometrics.models.partial_credit import centred, indicator_gradient, softmax_logs


class NominalResponse(Model):
    """Unordered categories."""

    name: ClassVar[str] = "nrm"
    polytomous: ClassVar[bool] = True

    def parameter_names(self, n_categories: int) -> tuple[str, ...]:
        kinds = ("slope", "intercept")
        return tuple(f"{kind}_{k}" for kind in kinds for k in range(1, n_categories))

    def working(self, items: ItemParameters) -> Array:
        width = int(items.n_categories[0])
        return np.concatenate([items.slopes[:, 1:width], items.intercepts[:, 1:width]], axis=1)

    def reported(self, working: Array) -> dict[str, Array]:
        slopes, intercepts = _split(working)
        empty = np.full(len(working), np.nan)
        return {"slopes": slopes, "intercepts": intercepts, "discrimination": empty}

    def rescaled(self, working: Array, mean: float, sd: float) -> Array:
        half = working.shape[1] // 2
        slopes, intercepts = working[:, :half], working[:, half:]
        return np.concatenate([slopes * sd, intercepts + slopes * mean], axis=1)

    def logit_rise(self, n_categories: int) -> Array:
        return np.eye(n_categories - 1, 2 * (n_categories - 1))

    def log_probabilities(self, working: Array, theta: Array) -> Array:
        return softmax_logs(*_split(working), theta)

    def parameter_gradient(self, working: Array, theta: Array) -> Array:
        intercepts = indicator_gradient(self.probabilities(working, theta))
        return np.concatenate([theta * intercepts, intercepts], axis=1)

    def theta_gradient(self, working: Array, theta: Array) -> Array:
        return centred(self.probabilities(working, theta), _split(working)[0])


def _split(working: Array) -> tuple[Array, Array]:
    half = working.shape[1] // 2
    zero = np.zeros((len(working), 1))
    return np.concatenate([zero, working[:, :half]], axis=1), np.concatenate([zero, working[:, half:]], axis=1)
