"""The sample bank as a set of items that a strict editor would accept."""

import re
from collections import Counter
from itertools import combinations

import pytest
from lxml import html
from scipy.stats import chisquare

from itembank.exchange.authored_html import block, inline
from itembank.exchange.items_file import read_items
from itembank.scoring import score
from sample.bank import ITEM_FILES, PRACTICE_FILE, load_bank, load_rows
from sample.field_test import COMPETENCIES, LEVEL_DIFFICULTY

BANK = load_bank()
PRACTICE = load_rows(PRACTICE_FILE)
ALL = [*BANK, *PRACTICE]
IDS = [item["item_id"] for item in ALL]
LETTERS = "ABCDEF"
SINGLE = [item for item in BANK if item["type"] == "choice"]


def words(markup):
    return " ".join(html.fromstring(f"<div>{markup}</div>").itertext()).split()


def right_length(item):
    return len(" ".join(words(item["options"][LETTERS.index(item["key"])])))


def test_every_cell_can_feed_a_pre_test_and_a_post_test():
    cells = Counter((item["competency"], item["level"]) for item in BANK)
    assert set(cells) == {(competency, level) for competency in COMPETENCIES for level in LEVEL_DIFFICULTY}
    assert min(cells.values()) >= 16


def test_every_competency_has_all_types():
    types = {(item["competency"], item["type"]) for item in BANK}
    assert types == {(competency, kind) for competency in COMPETENCIES for kind in ("choice", "multiple", "numeric")}


def test_practice_items_are_ten_and_apart_from_the_bank():
    assert len(PRACTICE) == 10
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize("item", ALL, ids=IDS)
def test_row_is_complete(item):
    assert item["competency"] in COMPETENCIES
    assert item["level"] in LEVEL_DIFFICULTY
    assert item["title"]
    assert len(item["rationale"]) >= 15
    assert 10 <= item["usual_seconds"] <= 180
    assert item["tags"]
    assert item["language"] == "en"
    assert item["max_score"] == 1


@pytest.mark.parametrize("item", ALL, ids=IDS)
def test_key_is_possible(item):
    if item["type"] == "numeric":
        assert "options" not in item
        assert abs(float(item["key"])) < 1e6
        assert item["tolerance"] >= 0
        return
    keys = item["key"].split("|")
    assert set(keys) <= set(LETTERS[: len(item["options"])])
    assert 3 <= len(item["options"]) <= 5
    assert len(set(item["options"])) == len(item["options"])
    if item["type"] == "choice":
        assert len(keys) == 1
    else:
        assert 2 <= len(keys) < len(item["options"])
        assert item["stem"].endswith("<p>Choose all that apply.</p>")


@pytest.mark.parametrize("item", ALL, ids=IDS)
def test_markup_is_well_formed_and_survives_sanitising(item):
    assert block(item["stem"]) == (item["stem"], ())
    for option in item.get("options", ()):
        assert inline(option) == (option, ())
    root = html.fragment_fromstring(item["stem"], create_parent="div")
    for table in root.findall(".//table"):
        assert table.findtext("caption")
        assert all(cell.get("scope") in ("row", "col") for cell in table.iter("th"))
        assert len({len(row) for row in table.iter("tr")}) == 1


def test_no_option_says_all_or_none_of_the_above():
    for item in ALL:
        for option in item.get("options", ()):
            assert not re.search(r"(all|none|both) of (the|these) (above|below)|^none$|^all$", option, re.IGNORECASE)


@pytest.mark.parametrize("competency", ["", *COMPETENCIES])
def test_no_position_is_favoured(competency):
    keys = [i["key"] for i in SINGLE if len(i["options"]) == 4 and i["competency"].startswith(competency)]
    assert chisquare([keys.count(letter) for letter in "ABCD"]).pvalue > 0.3


def test_several_right_answers_lie_anywhere():
    multiple = [item for item in BANK if item["type"] == "multiple"]
    counts = Counter(letter for item in multiple for letter in item["key"].split("|"))
    assert min(counts[letter] for letter in "ABCDE") >= 0.12 * counts.total()
    assert sum(len(item["key"].split("|")) >= 3 for item in multiple) >= 8


def test_length_does_not_give_the_key_away():
    worded = [item for item in SINGLE if not any(re.search(r"\d", option) for option in item["options"])]
    lengths = [(right_length(item), [len(" ".join(words(option))) for option in item["options"]]) for item in worded]
    longest = [right == max(all_) and all_.count(right) == 1 for right, all_ in lengths]
    shortest = [right == min(all_) and all_.count(right) == 1 for right, all_ in lengths]
    assert 0.1 < sum(longest) / len(worded) < 0.4
    assert 0.1 < sum(shortest) / len(worded) < 0.4


def test_options_of_an_item_are_of_similar_length():
    for item in ALL:
        lengths = [len(words(option)) for option in item.get("options", ())]
        assert not lengths or max(lengths) <= 2.5 * min(lengths) + 4, item["item_id"]


def test_no_two_stems_are_alike():
    seen = {item["item_id"]: frozenset(re.findall(r"\w+", " ".join(words(item["stem"])).lower())) for item in ALL}
    for (first, one), (second, other) in combinations(seen.items(), 2):
        assert len(one & other) < 0.75 * len(one | other), f"{first} and {second} are nearly the same"


def test_enemies_exist_and_are_mutual():
    by_id = {item["item_id"]: item for item in ALL}
    pairs = [(item["item_id"], enemy) for item in ALL for enemy in item["enemy_of"]]
    assert pairs
    for one, other in pairs:
        assert one != other
        assert one in by_id[other]["enemy_of"]


def test_sentences_are_short_enough_for_everybody():
    for item in ALL:
        root = html.fragment_fromstring(item["stem"], create_parent="div")
        for paragraph in root.findall(".//p"):
            sentences = re.split(r"(?<=[.?!:])\s", str(paragraph.text_content()))
            assert max(len(sentence.split()) for sentence in sentences) <= 36, item["item_id"]


@pytest.mark.parametrize("file", [*ITEM_FILES, PRACTICE_FILE], ids=lambda file: file.stem)
def test_the_product_reads_every_item_as_it_stands(file):
    items, report = read_items(file)
    assert report.counts == {"imported": len(load_rows(file)), "changed": 0, "refused": 0}
    assert not any(item.not_deliverable for item in items)


@pytest.mark.parametrize("file", [*ITEM_FILES, PRACTICE_FILE], ids=lambda file: file.stem)
def test_the_key_scores_one_and_every_other_choice_nothing(file):
    rows = {row["item_id"]: row for row in load_rows(file)}
    for item in read_items(file)[0]:
        row = rows[item.key]
        response = item.scoring.responses[0].identifier
        right = row["key"].split("|")
        assert score(item.scoring, {response: right}).category == 1, item.key
        if row["type"] == "numeric":
            beyond = [repr(float(row["key"]) + 1.01 * row["tolerance"] + 1e-6)]
            assert score(item.scoring, {response: beyond}).category == 0, item.key
            continue
        for letter in LETTERS[: len(row["options"])]:
            answer = [letter] if row["type"] == "choice" else sorted({letter} ^ set(right))
            if answer != right:
                assert score(item.scoring, {response: answer}).category == 0, item.key
