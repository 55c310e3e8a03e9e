"""Acceleration of a fixed point by Anderson's multi-secant mixing (Anderson 1965, Journal of the ACM 12).

The residuals of the last few EM steps say how the map contracts; the next point is the combination of past images
whose residual would vanish if the map were linear (Walker & Ni 2011, SIAM Journal on Numerical Analysis 49). A step
that lowers the objective is taken back to the plain EM image, which cannot lower it, and the memory is cleared.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from psychometrics.models.base import Array

MEMORY = 8
LARGEST_COMBINATION = 1e4


@dataclass(slots=True)
class Anderson:
    """Mixing state: differences of weighted residuals and of images, newest last."""

    memory: int = MEMORY
    residuals: list[Array] = field(default_factory=list)
    images: list[Array] = field(default_factory=list)
    last: tuple[Array, Array] | None = None

    def propose(self, point: Array, image: Array, metric: Array) -> Array:
        """The next point, from a point, its image and the metric (sqrt of information) of the residual."""
        residual = image - point
        if self.last is not None:
            self.residuals.append(residual - self.last[0])
            self.images.append(image - self.last[1])
            del self.residuals[: -self.memory], self.images[: -self.memory]
        self.last = (residual, image)
        if not self.residuals:
            return image
        system = np.stack(self.residuals, axis=1) * metric[:, None]
        mixing, *_ = np.linalg.lstsq(system, residual * metric, rcond=1e-10)
        if not np.isfinite(mixing).all() or np.abs(mixing).max() > LARGEST_COMBINATION:
            self.forget()
            return image
        return image - np.stack(self.images, axis=1) @ mixing

    def forget(self) -> None:
        """Start again from plain steps."""
        self.residuals.clear()
        self.images.clear()
        self.last = None
