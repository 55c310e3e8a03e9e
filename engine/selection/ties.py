"""Reproducible chance: numbers drawn from a keyed hash of (session, position, item), and choices that use them.

Nothing depends on where an item stands in the bank, nor on the last bit of a criterion: scores are rounded to a fixed
number of significant digits before they are compared, and equal scores are separated by the hash. The same session
key gives the same choice on every machine, which is what a replay needs. The mixing function is SplitMix64 (Steele,
Lea & Flood 2014), the same in scalar and in vector form.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]

SIGNIFICANT_DIGITS = 11
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = (np.uint64(shift) for shift in (30, 27, 31, 11))


def key_of(text: str) -> np.uint64:
    """The 64-bit key of a session key or an item id."""
    return np.uint64(int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big"))


def keys_of(texts: tuple[str, ...]) -> Keys:
    """The keys of several texts as an array (n,)."""
    return np.array([key_of(text) for text in texts], dtype=np.uint64)


_LOT = keys_of(("one of the best",))


def _mix(keys: Keys) -> Keys:
    keys = keys + _GOLDEN
    keys = (keys ^ (keys >> _S30)) * _FIRST
    keys = (keys ^ (keys >> _S27)) * _SECOND
    return np.asarray(keys ^ (keys >> _S31))


def hashes(session: Keys, position: int, item: Keys) -> Keys:
    """Hash of sessions, one position and items, broadcast; sessions (n_persons, 1) and items (n_items,) give all pairs.

    A negative position names a draw that belongs to the sitting as a whole.
    """
    place = _mix(np.array([position & 0xFFFFFFFF], dtype=np.uint64))
    return _mix(_mix(np.atleast_1d(session) ^ place) ^ np.atleast_1d(item))


def uniforms(session: Keys, position: int, item: Keys) -> NDArray[np.float64]:
    """Uniform numbers strictly between 0 and 1 from the same hash."""
    return np.asarray(((hashes(session, position, item) >> _S11).astype(np.float64) + 0.5) * 2.0**-53)


def rounded(scores: NDArray[np.float64], digits: int = SIGNIFICANT_DIGITS) -> NDArray[np.float64]:
    """Scores rounded to significant digits of each row's largest magnitude, so that last bits cannot decide."""
    finite = np.where(np.isfinite(scores), np.abs(scores), 0.0)
    top = finite.max(axis=-1, keepdims=True, initial=1e-300)
    _, exponent = np.frexp(top)
    grain = np.ldexp(1.0, exponent - int(digits * 3.33))
    return np.asarray(np.where(np.isfinite(scores), np.rint(scores / grain) * grain, scores))


def choose(scores: NDArray[np.float64], session: Keys, position: int, item: Keys, best_of: int = 1) -> NDArray[np.intp]:
    """Column of the best score of each row, −inf meaning not eligible; −1 where a row has none.

    scores: (n_persons, n_items); session: (n_persons,); item: keys, (n_items,) or (n_persons, n_items). With `best_of`
    k, one of the k best is drawn by the hash (Kingsbury & Zara 1989).
    """
    scores, item = rounded(scores), np.broadcast_to(item, scores.shape)
    if best_of > 1:
        return _one_of_best(scores, session, position, item, best_of)
    best = scores.argmax(axis=1)
    top = scores[np.arange(len(scores)), best]
    tied = (scores == top[:, None]).sum(axis=1) > 1
    for row in np.flatnonzero(tied & np.isfinite(top)):
        columns = np.flatnonzero(scores[row] == top[row])
        best[row] = columns[hashes(session[row : row + 1], position, item[row, columns]).argmin()]
    return np.where(np.isfinite(top), best, -1)


def _one_of_best(
    scores: NDArray[np.float64], session: Keys, position: int, item: Keys, best_of: int
) -> NDArray[np.intp]:
    chosen = np.full(len(scores), -1, dtype=np.intp)
    for row, line in enumerate(scores):
        columns = np.flatnonzero(np.isfinite(line))
        if len(columns):
            lots = hashes(session[row : row + 1], position, item[row, columns])
            ranked = columns[np.lexsort((lots, -line[columns]))][:best_of]
            pick = uniforms(session[row : row + 1], position, _LOT)[0]
            chosen[row] = ranked[int(pick * len(ranked))]
    return chosen
