"""Likely duplicates and enemies of a bank by the likeness of their texts.

Every item is a vector of letter shingles weighted by rarity (TF-IDF, Salton & Buckley, 1988, Information Processing &
Management 24(5)); the likeness of two items is the cosine, found for all pairs at once as sparse products in blocks of
rows. Shingles forgive typing errors and inflection; rarity forgives the phrases that a whole bank shares
("Which of the following"). A likeness is a hint for an author, never a decision.
"""

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from itembank.exchange.authored_html import plain_text
from itembank.items import Item
from itembank.records import Record

SHINGLE = 5
BLOCK = 512
MOST_COMMON = 0.2
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


def _pair(first: Item, second: Item, text: str, other: str, likeness: float, duplicate: float) -> LikePair:
    clones = text != other and NUMBERS.sub("#", text) == NUMBERS.sub("#", other)
    return LikePair(
        first=first.key,
        second=second.key,
        likeness=min(1.0, round(float(likeness), 6)),
        kind="duplicate" if likeness >= duplicate and not clones else "enemy",
        same_but_for_numbers=clones,
    )


def shingle_vectors(texts: Sequence[str]) -> sparse.csr_array:
    """Rows of unit length over hashed letter shingles, weighted tf·idf: (n_texts, n_shingles)."""
    codes = [_shingles(text) for text in texts]
    rows = np.repeat(np.arange(len(codes)), [len(code) for code in codes])
    distinct, columns = np.unique(np.concatenate([*codes, np.empty(0, np.uint64)]), return_inverse=True)
    shape = (len(codes), len(distinct))
    counts = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=shape).tocsr()
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
    vectors: sparse.csr_array, least: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Pairs row < column whose product is at least `least`, and the product.

    Shingles that stand in more than a fifth of a large bank carry next to no weight and are left out of the search for
    candidates; every candidate's likeness is then computed in full.
    """
    search = _without_common(vectors)
    found_rows: list[NDArray[np.intp]] = []
    found_columns: list[NDArray[np.intp]] = []
    transposed = search.T.tocsc()
    slack = _weight_left_out(vectors, search)
    for start in range(0, vectors.shape[0], BLOCK):
        product = (search[start : start + BLOCK] @ transposed).tocoo()
        rows, columns = product.row + start, product.col
        near = (columns > rows) & (product.data + slack[rows] * slack[columns] >= least)
        found_rows.append(rows[near].astype(np.intp))
        found_columns.append(columns[near].astype(np.intp))
    rows, columns = (
        np.concatenate([*found_rows, np.empty(0, np.intp)]),
        np.concatenate([*found_columns, np.empty(0, np.intp)]),
    )
    exact = np.asarray(vectors[rows].multiply(vectors[columns]).sum(axis=1)).ravel() if len(rows) else np.empty(0)
    kept = exact >= least
    return rows[kept], columns[kept], exact[kept]


def _without_common(vectors: sparse.csr_array) -> sparse.csr_array:
    in_texts = np.bincount(vectors.indices, minlength=vectors.shape[1])
    rare = in_texts <= max(50, int(MOST_COMMON * vectors.shape[0]))
    return vectors[:, np.flatnonzero(rare)]


def _weight_left_out(vectors: sparse.csr_array, search: sparse.csr_array) -> NDArray[np.float64]:
    """The length of what each row lost: by Cauchy–Schwarz, products can lose at most the product of two of these."""
    kept = np.asarray(search.multiply(search).sum(axis=1)).ravel()
    return np.sqrt(np.maximum(0.0, 1.0 - kept))
