"""Frameworks and crosswalks as tables, in and out."""

import pytest
from hypothesis import given, settings

from itembank.competencies import Crosswalk, Framework, FrameworkInvalid, Resource
from itembank.errors import FileRefused
from itembank.exchange.frameworks.csv_table import (
    read_crosswalks,
    read_framework_table,
    resource_of,
    write_crosswalks,
    write_framework_table,
)
from tests.itembank.exchange.case_packages import frameworks


@settings(max_examples=40, deadline=None)
@given(frameworks())
def test_tables_come_back(framework: Framework) -> None:
    again, _ = read_framework_table(write_framework_table(framework), key="f", title="t")
    assert again.competencies == framework.competencies


def test_crosswalk_tables_come_back() -> None:
    crosswalks = (Crosswalk(origin="a", destination="u:1"), Crosswalk(origin="b", destination="u:2", kind="broader"))
    assert read_crosswalks(write_crosswalks(crosswalks)) == crosswalks


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        ("Book", Resource(title="Book")),
        ("Book <https://b.x>", Resource(title="Book", url="https://b.x")),
        ("Book <https://b.x> (30 min)", Resource(title="Book", url="https://b.x", minutes=30)),
        ("Talk (5 min)", Resource(title="Talk", minutes=5)),
        ("https://b.x/1", Resource(title="https://b.x/1", url="https://b.x/1")),
    ],
)
def test_resources_are_read_as_written(text: str, resource: Resource) -> None:
    assert resource_of(text) == resource


BAD_TABLES = {
    "key,statement\n,x\n": (FileRefused, "line 2, column 'key'"),
    "key,statement\na,\n": (FileRefused, "line 2, column 'statement'"),
    "key,statement\na,x\na,y\n": (FrameworkInvalid, "stands twice"),
    "key,parent,statement\na,z,x\n": (FrameworkInvalid, "refers to 'z'"),
    "key,parent,statement\na,b,x\nb,a,y\n": (FrameworkInvalid, "circle"),
    "key,statement,level\na,x,wild\n": (FrameworkInvalid, "Level 'wild'"),
}


@pytest.mark.parametrize("text", BAD_TABLES)
def test_bad_tables_name_the_place(text: str) -> None:
    kind, words = BAD_TABLES[text]
    with pytest.raises(kind, match=words):
        read_framework_table(text.encode(), key="f", title="T", levels=("low", "high"))


def test_unknown_columns_are_named() -> None:
    _, report = read_framework_table(b"key,statement,colour\na,x,red\nb,y,\n", key="f", title="T")
    assert report.left_out == {"column.colour": 1}


def test_crosswalk_tables_are_checked() -> None:
    for text, words in (
        ("origin,destination,kind\na,,exact\n", "lacks"),
        ("origin,destination,kind\na,b,odd\n", "'odd'"),
    ):
        with pytest.raises(FileRefused, match=words):
            read_crosswalks(text.encode())
