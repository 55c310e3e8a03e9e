"""Prior densities on reported parameters, added to the log-likelihood while estimating.

Each prior is a density over the parameter as it is reported (discrimination, difficulty, guessing, upper, threshold,
step), and the mode is taken without a change of variables, as in Mislevy (1986), Psychometrika 51.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import lgamma, log, pi
from typing import Protocol

import numpy as np

from psychometrics.models.base import LISTS, SCALARS, Array, Model

PARAMETERS = (*SCALARS, "intercept", *LISTS)
ASYMPTOTES = ("guessing", "upper")


class Prior(Protocol):
    """A log density over a reported parameter."""

    def log_density(self, x: Array) -> Array:
        """log density at x, any shape; -inf outside the support."""


@dataclass(frozen=True, slots=True)
class Normal:
    """normal(mean, sd)"""

    mean: float
    sd: float

    def log_density(self, x: Array) -> Array:
        return np.asarray(-0.5 * ((x - self.mean) / self.sd) ** 2 - log(self.sd) - 0.5 * log(2 * pi))


@dataclass(frozen=True, slots=True)
class LogNormal:
    """lognormal(mean, sd): the logarithm is normal; the density is that of the parameter itself."""

    mean: float
    sd: float

    def log_density(self, x: Array) -> Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            logs = np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), -np.inf)
        normal = Normal(self.mean, self.sd).log_density(np.where(x > 0, logs, 0.0)) - np.where(x > 0, logs, 0.0)
        return np.where(x > 0, normal, -np.inf)


@dataclass(frozen=True, slots=True)
class Beta:
    """beta(alpha, beta) on (0, 1)"""

    alpha: float
    beta: float

    def log_density(self, x: Array) -> Array:
        constant = lgamma(self.alpha + self.beta) - lgamma(self.alpha) - lgamma(self.beta)
        with np.errstate(invalid="ignore", divide="ignore"):
            density = (self.alpha - 1) * np.log(x) + (self.beta - 1) * np.log1p(-x) + constant
        return np.where((x > 0) & (x < 1), density, -np.inf)


_FAMILIES: dict[str, Callable[[float, float], Prior]] = {"normal": Normal, "lognormal": LogNormal, "beta": Beta}


def parse_prior(text: str) -> Prior:
    """ "beta(5, 17)" and the like. Raises ValueError naming the families there are."""
    match = re.fullmatch(r"\s*(\w+)\s*\(\s*([-+.\deE]+)\s*,\s*([-+.\deE]+)\s*\)\s*", text)
    if match is None or match[1].lower() not in _FAMILIES:
        raise ValueError(f"prior {text!r} is not normal(mean, sd), lognormal(mean, sd) or beta(alpha, beta)")
    try:
        first, second = float(match[2]), float(match[3])
    except ValueError:
        raise ValueError(f"prior {text!r} has a number that is none: {match[2]} or {match[3]}") from None
    if second <= 0 or (match[1].lower() == "beta" and first <= 0):
        raise ValueError(f"prior {text!r} has a spread or shape that is not positive")
    return _FAMILIES[match[1].lower()](first, second)


def as_priors(priors: Mapping[str, Prior | str] | None) -> dict[str, Prior]:
    """Priors by reported parameter, text parsed. Raises ValueError on a parameter no model has."""
    found: dict[str, Prior] = {}
    for name, prior in (priors or {}).items():
        if name not in PARAMETERS:
            raise ValueError(f"there is no parameter {name!r} to put a prior on; there are {', '.join(PARAMETERS)}")
        found[name] = parse_prior(prior) if isinstance(prior, str) else prior
    return found


def log_prior(model: Model, working: Array, priors: Mapping[str, Prior]) -> Array:
    """Sum of the log densities of each item: (n_items,); parameters the model lacks or fixes are left out."""
    total = np.zeros(len(working))
    if not priors:
        return total
    for name, values in model.reported(working).items():
        if name in priors and not (model.fixed_slope and name == "discrimination"):
            density = priors[name].log_density(values)
            total += density if density.ndim == 1 else density.sum(axis=1)
    if "intercept" in priors:
        total += priors["intercept"].log_density(working[:, _intercepts(model, working)]).sum(axis=1)
    return total


def _intercepts(model: Model, working: Array) -> list[int]:
    """Columns of the intercepts (slope theta + intercept) of a model that does not report them itself."""
    n_categories = working.shape[1] if model.polytomous else 2
    if "intercepts" in model.reported(working):
        return []
    names = model.parameter_names(n_categories)
    return [place for place, name in enumerate(names) if name.startswith("intercept")]


def prior_curvature(model: Model, working: Array, priors: Mapping[str, Prior]) -> tuple[Array, Array]:
    """Gradient (n_items, p) and Hessian (n_items, p, p) of `log_prior` by central differences."""
    n_items, width = working.shape
    gradient, hessian = np.zeros((n_items, width)), np.zeros((n_items, width, width))
    if "intercept" not in priors and not any(name in priors for name in model.reported(working)):
        return gradient, hessian
    step = 1e-4
    shift = step * np.eye(width)
    for i in range(width):
        ahead, behind = (log_prior(model, working + s * shift[i], priors) for s in (1, -1))
        gradient[:, i] = (ahead - behind) / (2 * step)
        for j in range(i + 1):
            corners = [
                s * t * log_prior(model, working + s * shift[i] + t * shift[j], priors)
                for s in (1, -1)
                for t in (1, -1)
            ]
            hessian[:, i, j] = hessian[:, j, i] = sum(corners) / (4 * step**2)
    return gradient, hessian
