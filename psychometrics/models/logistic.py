"""Dichotomous models: Rasch, 1PL, 2PL (Birnbaum 1968), 3PL and 4PL (Barton & Lord 1981, ETS RR-81-20).

P(1 | theta) = c + (d - c) / (1 + exp(-a (theta - b))).
Working parameters: slope = a, intercept = -a b, logit c, logit d.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from psychometrics.models.base import Array, ItemParameters, Model, expit, log_expit, logit

MINIMAL_SLOPE = 1e-6
"""Below this a slope carries no location, and difficulty is reported from the intercept over this bound."""


class TwoParameter(Model):
    """Discrimination and difficulty."""

    name: ClassVar[str] = "2pl"
    _asymptotes: ClassVar[tuple[str, ...]] = ()

    def parameter_names(self, n_categories: int) -> tuple[str, ...]:
        return ("slope", "intercept", *(f"{name}_logit" for name in self._asymptotes))

    def working(self, items: ItemParameters) -> Array:
        slope = items.discrimination
        asymptotes = [logit(getattr(items, name)) for name in self._asymptotes]
        return np.asarray(np.stack([slope, -slope * items.difficulty, *asymptotes], axis=1), dtype=np.float64)

    def reported(self, working: Array) -> dict[str, Array]:
        slope, intercept = working[:, 0], working[:, 1]
        safe = np.where(np.abs(slope) < MINIMAL_SLOPE, np.copysign(MINIMAL_SLOPE, slope), slope)
        columns = {"discrimination": slope.copy(), "difficulty": -intercept / safe}
        asymptotes = {name: expit(working[:, 2 + place]) for place, name in enumerate(self._asymptotes)}
        return columns | asymptotes

    def slope_weights(self, n_columns: int) -> Array:
        return np.asarray(np.arange(n_columns) == 0, dtype=np.float64)

    def logit_rise(self, n_categories: int) -> Array | None:
        return None if self._asymptotes else np.array([[1.0, 0.0]])

    def log_probabilities(self, working: Array, theta: Array) -> Array:
        right = _predictor(working, theta)
        log_right, log_wrong = log_expit(right), log_expit(-right)
        lower, upper = self._bounds(working)
        if lower is not None:
            log_right, log_wrong = _mixed(log_right, log_wrong, lower, upper)
        return np.stack([log_wrong, log_right], axis=1)

    def parameter_gradient(self, working: Array, theta: Array) -> Array:
        core = expit(_predictor(working, theta))
        lower, upper = self._bounds(working)
        steep = core * (1.0 - core)
        parts = []
        if lower is not None:
            steep = steep * (upper - lower)
            parts.append(lower * (1.0 - lower) * (1.0 - core))
        if len(self._asymptotes) == 2:
            parts.append(upper * (1.0 - upper) * core)
        right = np.stack([steep * theta, steep, *parts], axis=1)
        return np.stack([-right, right], axis=2)

    def theta_gradient(self, working: Array, theta: Array) -> Array:
        right = self.parameter_gradient(working, theta)[:, 1, 1, :] * working[:, :1]
        return np.stack([-right, right], axis=1)

    def _bounds(self, working: Array) -> tuple[Array | None, Array]:
        lower = expit(working[:, 2:3]) if self._asymptotes else None
        upper = expit(working[:, 3:4]) if len(self._asymptotes) == 2 else np.ones((len(working), 1))
        return lower, upper


class Rasch(TwoParameter):
    """Slopes are 1 and the standard deviation of the population is free."""

    name: ClassVar[str] = "rasch"
    fixed_slope: ClassVar[bool] = True


class OneParameter(TwoParameter):
    """One slope, common to all items of the model, in a standard normal population."""

    name: ClassVar[str] = "1pl"
    common_slope: ClassVar[bool] = True


class ThreeParameter(TwoParameter):
    """Adds a lower asymptote, the probability of guessing right."""

    name: ClassVar[str] = "3pl"
    _asymptotes: ClassVar[tuple[str, ...]] = ("guessing",)


class FourParameter(TwoParameter):
    """Adds an upper asymptote below 1, the probability of not slipping."""

    name: ClassVar[str] = "4pl"
    _asymptotes: ClassVar[tuple[str, ...]] = ("guessing", "upper")


def _predictor(working: Array, theta: Array) -> Array:
    return working[:, :1] * theta + working[:, 1:2]


def _mixed(log_right: Array, log_wrong: Array, lower: Array, upper: Array) -> tuple[Array, Array]:
    """log(c (1 - s) + d s) and log((1 - c)(1 - s) + (1 - d) s), added on the log scale."""
    with np.errstate(divide="ignore"):
        right = np.logaddexp(np.log(lower) + log_wrong, np.log(upper) + log_right)
        wrong = np.logaddexp(np.log1p(-lower) + log_wrong, np.log1p(-upper) + log_right)
    return right, wrong
