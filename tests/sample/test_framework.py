"""The sample framework: sound, and made for the sample bank."""

import csv

from itembank.competencies import Competency, Framework, check_framework, leaves
from sample.bank import FRAMEWORK_FILE, load_bank
from sample.field_test import COMPETENCIES, LEVEL_DIFFICULTY

COLUMNS = ["key", "parent", "statement", "level", "uri", "title", "prerequisites", "resources", "can_do"]
with FRAMEWORK_FILE.open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))


def parts(cell):
    return tuple(part for part in cell.split("|") if part)


FRAMEWORK = Framework(
    key="data-literacy",
    title="Data literacy at work",
    competencies=tuple(
        Competency(
            key=row["key"],
            parent=row["parent"],
            statement=row["statement"],
            title=row["title"],
            prerequisites=parts(row["prerequisites"]),
            can_do=parts(row["can_do"]),
        )
        for row in ROWS
    ),
)


def test_the_columns_are_those_of_a_framework_file():
    assert list(ROWS[0]) == COLUMNS


def test_the_framework_contradicts_itself_nowhere():
    check_framework(FRAMEWORK)


def test_its_leaves_are_what_the_items_carry():
    assert tuple(leaf.key for leaf in leaves(FRAMEWORK)) == COMPETENCIES
    assert {item["competency"] for item in load_bank()} == set(COMPETENCIES)


def test_every_competency_says_what_somebody_can_do_at_each_level():
    for leaf in leaves(FRAMEWORK):
        levels = [can.partition(":")[0].lower() for can in leaf.can_do]
        assert levels == list(LEVEL_DIFFICULTY), leaf.key


def test_every_competency_names_something_to_learn_from():
    for row in ROWS[1:]:
        resources = parts(row["resources"])
        assert len(resources) >= 2
        for resource in resources:
            title, bracket, url = resource.partition(" <")
            assert title
            assert not bracket or (url.startswith("https://") and url.endswith(">"))
