"""Two groups that answer one test, some items of which are harder for the focal group."""

import numpy as np
from numpy.typing import NDArray


def two_groups(
    rng: np.random.Generator,
    n: int,
    n_items: int,
    *,
    shift: dict[int, float] | None = None,
    slope_factor: dict[int, float] | None = None,
    impact: float = 0.0,
    rasch: bool = False,
) -> tuple[NDArray[np.int8], NDArray[np.str_]]:
    """Answers (n, n_items) and labels "men" (reference) and "women" (focal, second in sorted order).

    shift: added difficulty of an item for the focal group; slope_factor: its discrimination there over the reference's;
    impact: how much lower the focal group's mean ability is.
    """
    focal = np.arange(n) % 2 == 1
    theta = rng.normal(size=n) - impact * focal
    slope = np.ones(n_items) if rasch else rng.uniform(0.8, 1.6, n_items)
    location = rng.normal(scale=0.8, size=n_items)
    moved = location + np.array([(shift or {}).get(i, 0.0) for i in range(n_items)]) * focal[:, None]
    steep = slope * np.where(focal[:, None], [(slope_factor or {}).get(i, 1.0) for i in range(n_items)], 1.0)
    right = rng.random((n, n_items)) < 1 / (1 + np.exp(-steep * (theta[:, None] - moved)))
    return right.astype(np.int8), np.where(focal, "women", "men")
