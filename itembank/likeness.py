"""Likely duplicates and enemies of a bank by the likeness of their texts.

Every item is a vector of letter shingles weighted by rarity (TF-IDF, Salton & Buckley, 1988, Information Processing &
Management 24(5)); the likeness of two items is the cosine, found for all pairs at once as sparse products in blocks of
rows. Shingles forgive typing errors and inflection; rarity forgives the phrases that a whole bank shares
("Which of the following"). A likeness is a hint for an author, never a decision.
"""

import re
from collections.abc import Collection, Sequence
from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from itembank.exchange.authored_html import plain_text
from itembank.items import Item
from itembank.records import Record

SHINGLE = 5
BLOCK = 512
PAIRS = 50_000
MOST_COMMON, FEWEST_COMMON = 0.02, 50
MOST_DENSE = 100_000_000
ROUNDING = 1e-9
FEWEST_LETTERS = 12
DUPLICATE, ENEMY = 0.9, 0.6
NOT_LETTERS = re.compile(r"[^\w+\-*/=<>%.,]+")
NUMBERS = re.compile(r"\d+(?:[.,]\d+)?")

Kind = Literal["duplicate", "enemy"]


class LikePair(Record, frozen=True, kw_only=True):
    """Two items whose texts are alike: `likeness` is the cosine, 1 = the same text.

    `duplicate`: probably one item twice; `enemy`: one may give the other away, or they ask the same twice.
    `same_but_for_numbers`: the texts are equal once numbers are left out, as clones of a template are.
    """

    first: str
    second: str
    likeness: float
    kind: Kind
    same_but_for_numbers: bool = False


def words_of(item: Item) -> str:
    """What a reader sees of an item: stimulus, body, prompts and options, in lower case."""
    parts = [item.content.stimulus, item.content.body]
    for interaction in item.content.interactions:
        parts.append(interaction.prompt)
        parts += [choice.content for choice in (*interaction.choices, *interaction.targets)]
    return NOT_LETTERS.sub(" ", plain_text(" ".join(parts)).lower()).strip()


def like_pairs(items: Sequence[Item], *, duplicate: float = DUPLICATE, enemy: float = ENEMY) -> tuple[LikePair, ...]:
    """All pairs with a likeness of at least `enemy`, the most alike first; items with next to no text are passed over.

    Raises:
        ValueError: unless 0 < enemy ≤ duplicate ≤ 1.
    """
    if not 0 < enemy <= duplicate <= 1:
        raise ValueError(f"0 < enemy ≤ duplicate ≤ 1 must hold, but they are {enemy} and {duplicate}.")
    texts = [words_of(item) for item in items]
    usable = [place for place, text in enumerate(texts) if len(text) >= FEWEST_LETTERS]
    vectors = shingle_vectors([texts[place] for place in usable])
    pairs = [
        _pair(items[usable[row]], items[usable[column]], texts[usable[row]], texts[usable[column]], value, duplicate)
        for row, column, value in zip(*close_rows(vectors, enemy))
    ]
    return tuple(sorted(pairs, key=lambda pair: (-pair.likeness, pair.first, pair.second)))


def unsaid_pairs(items: Sequence[Item], touched: Collection[str]) -> tuple[LikePair, ...]:
    """Like pairs with one of the `touched` keys in them that no author has named as enemies yet."""
    enemies = {(item.key, enemy) for item in items for enemy in item.facts.enemies}
    return tuple(
        pair
        for pair in like_pairs(items)
        if (pair.first in touched or pair.second in touched)
        and (pair.first, pair.second) not in enemies
        and (pair.second, pair.first) not in enemies
    )


def _pair(first: Item, second: Item, text: str, other: str, likeness: float, duplicate: float) -> LikePair:
    clones = text != other and NUMBERS.sub("#", text) == NUMBERS.sub("#", other)
    return LikePair(
        first=first.key,
        second=second.key,
        likeness=min(1.0, round(float(likeness), 6)),
        kind="duplicate" if likeness >= duplicate and not clones else "enemy",
        same_but_for_numbers=clones,
    )


def shingle_vectors(texts: Sequence[str]) -> "scipy.sparse.csr_array":
    """Rows of unit length over hashed letter shingles, weighted tf·idf: (n_texts, n_shingles)."""
    codes = [_shingles(text) for text in texts]
    rows = np.repeat(np.arange(len(codes)), [len(code) for code in codes])
    distinct, columns = np.unique(np.concatenate([*codes, np.empty(0, np.uint64)]), return_inverse=True)
    shape = (len(codes), len(distinct))
    counts = scipy.sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=shape).tocsr()
    counts.sum_duplicates()
    in_texts = np.bincount(counts.indices, minlength=len(distinct))
    weight = np.log((1 + len(codes)) / (1 + in_texts)) + 1
    counts.data = (1 + np.log(counts.data)) * weight[counts.indices]
    length = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
    counts.data /= np.repeat(length, np.diff(counts.indptr))
    return counts


def _shingles(text: str) -> NDArray[np.uint64]:
    """The letters of each shingle mixed into one number (FNV-1a over code points)."""
    letters = np.frombuffer(f" {text} ".encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    code = np.full(max(0, len(letters) - SHINGLE + 1), 14695981039346656037, dtype=np.uint64)
    for offset in range(SHINGLE):
        code = (code ^ letters[offset : offset + len(code)]) * np.uint64(1099511628211)
    return code


def close_rows(
    vectors: "scipy.sparse.csr_array", least: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Pairs row < column whose product is at least `least`, and the product: exactly what comparing all pairs gives.

    Shingles that stand in many texts make most of the work and little of the likeness, so candidates are sought
    without them. What a pair can lose that way is bounded by the product of the two lengths left out (Cauchy–Schwarz);
    rows that lose too much for the bound to help are compared in full.
    """
    search = _without_common(vectors)
    slack = np.sqrt(np.maximum(0.0, 1.0 - np.asarray(search.multiply(search).sum(axis=1)).ravel()))
    heavy = slack * slack > least / 2
    light = np.flatnonzero(~heavy)
    pairs = [
        *_candidates(search, light, light, least, slack),
        *_candidates(vectors, np.flatnonzero(heavy), np.arange(vectors.shape[0]), least, np.zeros(len(slack))),
    ]
    empty = np.empty((2, 0), dtype=np.intp)
    rows, columns = np.unique(np.sort(np.concatenate([empty, *pairs], axis=1), axis=0), axis=1)
    exact = _products_of(vectors, rows, columns)
    kept = exact >= least
    return rows[kept], columns[kept], exact[kept]


def _without_common(vectors: "scipy.sparse.csr_array") -> "scipy.sparse.csr_array":
    in_texts = np.bincount(vectors.indices, minlength=vectors.shape[1])
    rare = in_texts <= max(FEWEST_COMMON, int(MOST_COMMON * vectors.shape[0]))
    return vectors[:, np.flatnonzero(rare)]


def _candidates(
    vectors: "scipy.sparse.csr_array",
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    least: float,
    slack: NDArray[np.float64],
) -> list[NDArray[np.intp]]:
    """Pairs (2, n) of these rows and columns whose product may reach `least`, block by block."""
    other = vectors[columns].T.tocsc()
    dense = _dense_pays(vectors[rows], other)
    whole = other.toarray() if dense else other
    found = []
    for start in range(0, len(rows), BLOCK):
        chosen = rows[start : start + BLOCK]
        product = (
            vectors[chosen].toarray() @ whole if dense else scipy.sparse.csr_array(vectors[chosen] @ other).toarray()
        )
        near = product + np.outer(slack[chosen], slack[columns]) >= least - ROUNDING
        first, second = np.nonzero(near & (chosen[:, None] != columns[None, :]))
        found.append(np.stack([chosen[first], columns[second]]))
    return found


def _dense_pays(left: "scipy.sparse.csr_array", right: "scipy.sparse.csc_array") -> bool:
    """Whether multiplying zeros too is the faster way: a sparse step costs about twenty times as much."""
    sparse_steps = float(
        np.bincount(left.indices, minlength=left.shape[1]) @ np.bincount(right.indices, minlength=left.shape[1])
    )
    dense_steps = float(left.shape[0]) * left.shape[1] * right.shape[1]
    return sparse_steps * 20 > dense_steps and left.shape[1] * right.shape[1] < MOST_DENSE


def _products_of(
    vectors: "scipy.sparse.csr_array", rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[np.float64]:
    """The products of these pairs in full: (n_pairs,)."""
    parts = [
        np.asarray(vectors[rows[k : k + PAIRS]].multiply(vectors[columns[k : k + PAIRS]]).sum(axis=1)).ravel()
        for k in range(0, len(rows), PAIRS)
    ]
    return np.concatenate([np.empty(0), *parts])
