"""Sections 6 and 7 of the Law School Admission Test: frequencies of the 32 patterns of five items, 1,000 persons each.

Bock & Lieberman 1970, Psychometrika 35, 179-197 (reprinted by Thissen 1982, Psychometrika 47, 175-186). Pattern k is
k written in binary, the first item leftmost.
"""

import numpy as np
from numpy.typing import NDArray

LSAT6 = (
    3, 6, 2, 11, 1, 1, 3, 4, 1, 8, 0, 16, 0, 3, 2, 15,
    10, 29, 14, 81, 3, 28, 15, 80, 16, 56, 21, 173, 11, 61, 28, 298,
)  # fmt: skip
LSAT7 = (
    12, 19, 1, 7, 3, 19, 3, 17, 10, 5, 3, 7, 7, 23, 8, 28,
    7, 39, 11, 34, 14, 51, 15, 90, 6, 25, 7, 35, 18, 136, 32, 308,
)  # fmt: skip


def expand(frequencies: tuple[int, ...]) -> NDArray[np.int8]:
    """One row a person, (1000, 5)."""
    patterns = (np.arange(32)[:, None] >> np.arange(4, -1, -1)) & 1
    return np.repeat(patterns, frequencies, axis=0).astype(np.int8)
