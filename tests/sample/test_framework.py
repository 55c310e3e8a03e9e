"""The sample framework: read by the product, sound, and made for the sample bank."""

import pytest

from itembank.competencies import children, leaves
from itembank.exchange.frameworks.csv_table import read_framework_table, write_framework_table
from sample.bank import FRAMEWORK_FILE, load_bank
from sample.field_test import COMPETENCIES, LEVEL_DIFFICULTY


@pytest.fixture(scope="module")
def framework():
    return read_framework_table(FRAMEWORK_FILE, key="data-literacy", title="Data literacy at work")[0]


def test_one_root_holds_the_five_competencies_of_the_items(framework):
    assert [root.key for root in children(framework)] == ["data-literacy"]
    assert tuple(leaf.key for leaf in leaves(framework)) == COMPETENCIES
    assert {item["competency"] for item in load_bank()} == set(COMPETENCIES)


def test_what_comes_before_what(framework):
    before = {leaf.key: set(leaf.prerequisites) for leaf in leaves(framework)}
    assert before["sampling"] == {"averages", "chance"}
    assert before["tables"] == set()


def test_every_competency_says_what_somebody_can_do_at_each_level(framework):
    for leaf in leaves(framework):
        assert [can.partition(":")[0].lower() for can in leaf.can_do] == list(LEVEL_DIFFICULTY), leaf.key


def test_every_competency_names_something_to_learn_from(framework):
    for leaf in leaves(framework):
        assert len(leaf.resources) >= 2
        assert all(resource.title for resource in leaf.resources)
        links = [resource.url for resource in leaf.resources if resource.url]
        assert len(links) >= 2
        assert all(link.startswith("https://") for link in links)


def test_nothing_is_lost_on_the_way_through_the_product(framework):
    again, _ = read_framework_table(write_framework_table(framework), key=framework.key, title=framework.title)
    assert again == framework
