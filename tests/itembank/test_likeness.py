"""Likely duplicates: found where they are, and exactly the pairs that comparing every pair would find."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itembank import likeness
from itembank.exchange.items_file import read_items
from itembank.exchange.tables import write_table
from itembank.items import Item
from itembank.likeness import close_rows, like_pairs, shingle_vectors, words_of


def items_of(*stems: str) -> tuple[Item, ...]:
    rows = [{"item_id": f"i{k}", "stem": stem, "options": "yes|no", "key": "A"} for k, stem in enumerate(stems)]
    return read_items(write_table(("item_id", "stem", "options", "key"), rows))[0]


RIVER = "Which river flows through the city of Vienna before it reaches Budapest?"
OTHERS = (
    "A triangle has two equal sides. What is it called?",
    "Name the process by which plants make sugar from light.",
)


def test_finds_the_same_question_again_and_a_close_one() -> None:
    near = "Which river flows through the city of Vienna before it reaches Bratislava?"
    pairs = like_pairs(items_of(RIVER, *OTHERS, f"<p>{RIVER.upper()}</p>", near))
    assert [(pair.first, pair.second, pair.kind) for pair in pairs] == [
        ("i0", "i3", "duplicate"),
        ("i0", "i4", "enemy"),
        ("i3", "i4", "enemy"),
    ]
    assert pairs[0].likeness == 1.0
    assert 0.6 <= pairs[1].likeness < 0.9


def test_clones_of_a_template_are_enemies_not_duplicates() -> None:
    (pair,) = like_pairs(
        items_of("Compute the sum of 12 and 30 in your head.", "Compute the sum of 12 and 31 in your head.")
    )
    assert (pair.kind, pair.same_but_for_numbers) == ("enemy", True)


def test_items_without_words_are_passed_over() -> None:
    items, _ = read_items(b"item_id,competency\na,c\nb,c\n")
    assert like_pairs(items) == ()
    assert like_pairs(()) == ()


def test_thresholds_must_make_sense() -> None:
    with pytest.raises(ValueError, match="enemy ≤ duplicate"):
        like_pairs((), duplicate=0.5, enemy=0.6)


def naive_pairs(vectors: np.ndarray, least: float) -> set[tuple[int, int]]:
    n = len(vectors)
    return {(i, j) for i in range(n) for j in range(i + 1, n) if float(vectors[i] @ vectors[j]) >= least}


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000), st.sampled_from([0.15, 0.4, 0.7, 0.95]), st.integers(2, 90), st.sampled_from([6, 60, 4000])
)
def test_leaving_out_common_shingles_loses_no_pair(seed: int, least: float, n_texts: int, n_words: int) -> None:
    rng = np.random.default_rng(seed)
    words = ["".join(rng.choice(list("abcdefghij"), 6)) for _ in range(n_words)]
    texts = ["what follows is common " + " ".join(rng.choice(words, 6)) for _ in range(n_texts)]
    vectors = shingle_vectors(texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(likeness, "FEWEST_COMMON", 3)
        patch.setattr(likeness, "BLOCK", 16)
        rows, columns, values = close_rows(vectors, least)
    dense = vectors.toarray()
    found = list(zip(rows.tolist(), columns.tolist()))
    assert len(set(found)) == len(found)
    assert naive_pairs(dense, least + 1e-12) <= set(found) <= naive_pairs(dense, least - 1e-12)
    assert np.allclose(values, [dense[i] @ dense[j] for i, j in found])


def test_words_are_what_a_reader_sees() -> None:
    (item,) = items_of("<p>See <b>this</b> &amp; that</p>")
    assert words_of(item) == "see this that yes no"
