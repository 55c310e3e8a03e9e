"""The words of every question can be told from the words around it, whichever is drawn."""

import random

from api.pages.items.rendering import render_item
from itembank.exchange.files import read_items_file
from sample.bank import ITEM_FILES, load_bank
from tests.api.test_pages_items import T
from tests.sample.shown import besides_questions, texts_of

ROWS = {row["item_id"]: row for row in load_bank()}
PAGES = {
    item.key: f"<main>{render_item(item.content, None, 'seed', T)}</main>"
    for path in ITEM_FILES for item in read_items_file(path)[0]
}  # fmt: skip
TELLING = (
    "theta", "discrimination", "difficulty", "correct", "rationale", "score", "scoring", "competenc", "category",
    "guessing",
)  # fmt: skip


def test_nothing_telling_is_left_of_any_question() -> None:
    assert PAGES.keys() == ROWS.keys()
    assert sum("correct" in page for page in PAGES.values()) > 10, "some questions do hold such words"
    draw = random.Random(1)
    groups = [[key] for key in ROWS] + [draw.sample(sorted(ROWS), 6) for _ in range(500)]
    for keys in groups:
        left = besides_questions("\n".join(PAGES[key] for key in keys), [ROWS[key] for key in keys]).lower()
        assert "<main>" in left
        assert [word for word in TELLING if word in left] == [], keys


def test_a_telling_word_beside_the_question_stays() -> None:
    row = next(row for row in ROWS.values() if "correct" in row["stem"])
    assert "correct" not in besides_questions(row["stem"], [row])
    assert "correct" in besides_questions(f"{row['stem']} correct: A", [row])
    assert "scoring" in texts_of({"item": [{"scoring": {"key": "A"}}]})
