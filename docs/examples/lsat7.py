"""Calibrate section 7 of the Law School Admission Test and compare with published estimates.

The data are the 32 answer patterns of 1,000 candidates in Bock & Lieberman (1970), Psychometrika 35, 179-197. The
estimates to compare with are those printed in the reference manual of mirt (Chalmers 2012, Journal of Statistical
Software 48(6)), function `mirt`, version 1.45: two-parameter logistic, slope * theta + intercept, log-likelihood
-2658.805, with 95 % intervals from the supplemented EM algorithm (https://philchalmers.github.io/mirt/reference/mirt.html).

    python docs/examples/lsat7.py
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from psychometrics import CalibrationResult, calibrate

FREQUENCIES = (
    12, 19, 1, 7, 3, 19, 3, 17, 10, 5, 3, 7, 7, 23, 8, 28,
    7, 39, 11, 34, 14, 51, 15, 90, 6, 25, 7, 35, 18, 136, 32, 308,
)  # fmt: skip
"""Candidates with the patterns 00000, 00001, 00010, ... 11111."""

PUBLISHED_LOG_LIKELIHOOD = -2658.805


@dataclass(frozen=True)
class Published:
    """Slope and intercept of an item with their 95 % intervals."""

    slope: float
    slope_interval: tuple[float, float]
    intercept: float
    intercept_interval: tuple[float, float]


PUBLISHED = (
    Published(0.988, (0.639, 1.336), 1.856, (1.599, 2.112)),
    Published(1.081, (0.755, 1.407), 0.808, (0.629, 0.987)),
    Published(1.707, (1.086, 2.329), 1.805, (1.395, 2.215)),
    Published(0.765, (0.500, 1.030), 0.486, (0.339, 0.633)),
    Published(0.736, (0.437, 1.034), 1.854, (1.630, 2.079)),
)


def calibrated() -> CalibrationResult:
    """The section as a two-parameter logistic test."""
    patterns = np.array(list(product((0, 1), repeat=5)), dtype=np.int8)
    responses = np.repeat(patterns, FREQUENCIES, axis=0)
    return calibrate(responses, "2pl", item_id=[f"LSAT-7 {j}" for j in range(1, 6)])


def main() -> None:
    """Print both sets of estimates side by side."""
    result = calibrated()
    errors = result.standard_errors().column("discrimination")
    print(f"log-likelihood {result.log_likelihood:.3f} (published {PUBLISHED_LOG_LIKELIHOOD})")
    print("item        slope  published   error  published   intercept  published")
    for j, published in enumerate(PUBLISHED):
        slope = result.items.discrimination[j]
        intercept = -slope * result.items.difficulty[j]
        low, high = published.slope_interval
        print(
            f"{result.items.item_id[j]}    {slope:.3f}      {published.slope:.3f}   {errors[j]:.3f}"
            f"      {(high - low) / 3.92:.3f}       {intercept:.3f}      {published.intercept:.3f}"
        )


if __name__ == "__main__":
    main()
