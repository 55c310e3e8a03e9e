"""Answers recomputed from the stems themselves, so that neither a key nor a stem can be changed alone."""

import ast
import csv
from pathlib import Path

import pytest

from sample.bank import PRACTICE_FILE, load_bank, load_rows
from tests.sample.recompute import disagreement, evaluate, numbers, stated

ITEMS = {item["item_id"]: item for item in [*load_bank(), *load_rows(PRACTICE_FILE)]}
with (Path(__file__).parent / "recomputations.tsv").open(encoding="utf-8", newline="") as file:
    FORMULAS = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


@pytest.mark.parametrize(("item_id", "formula"), FORMULAS, ids=[row[0] for row in FORMULAS])
def test_the_key_follows_from_the_stem(item_id, formula):
    assert disagreement(ITEMS[item_id], formula) == ""


@pytest.mark.parametrize(("item_id", "formula"), FORMULAS, ids=[row[0] for row in FORMULAS])
def test_no_formula_holds_whatever_the_item_says(item_id, formula):
    """A formula that only says yes or no must look at the stem or the options; any other is compared with the key."""
    looks = {node.id for node in ast.walk(ast.parse(formula, mode="eval")) if isinstance(node, ast.Name)}
    assert looks & {"n", "cell", "row", "col", "rows", "options"} or not isinstance(
        evaluate(ITEMS[item_id], formula), bool
    )


def test_every_numeric_item_is_recomputed():
    recomputed = {item_id for item_id, _ in FORMULAS}
    assert {item_id for item_id, item in ITEMS.items() if item["type"] == "numeric"} <= recomputed


def test_most_choices_between_numbers_are_recomputed():
    recomputed = {item_id for item_id, _ in FORMULAS}
    single = [item for item in ITEMS.values() if item["type"] == "choice" and numbers(str(stated(item)))]
    done = [item for item in single if item["item_id"] in recomputed]
    assert len(done) > 0.7 * len(single)


def test_a_changed_key_is_noticed():
    item = dict(ITEMS["tables-f-04"])
    formula = dict(FORMULAS)["tables-f-04"]
    item["key"] = "166"
    assert "175" in disagreement(item, formula)


def test_a_changed_table_is_noticed():
    item = dict(ITEMS["tables-f-04"])
    formula = dict(FORMULAS)["tables-f-04"]
    item["stem"] = item["stem"].replace("<td>41</td>", "<td>47</td>")
    assert "181" in disagreement(item, formula)


@pytest.mark.parametrize(
    ("text", "found"),
    [("C2 holds 1,250.5 and B3", [1250.5]), ("from 10-12, at €4", [10, 12, 4]), ("`=$F$1*2`", [2]), ("none", [])],
)
def test_numbers_of_a_text(text, found):
    assert numbers(text) == found
