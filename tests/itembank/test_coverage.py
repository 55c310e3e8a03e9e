"""Coverage: every item counted where it belongs, holes with the number of items they lack."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itembank.competencies import Competency, Framework
from itembank.coverage import coverage, difficulty_of
from itembank.errors import BankError
from itembank.items import Item, ItemContent, ItemFacts, ItemScoring, ParameterFacts

FRAMEWORK = Framework(
    key="f",
    title="F",
    competencies=(
        Competency(key="top", statement="t"),
        Competency(key="a", statement="a", parent="top"),
        Competency(key="b", statement="b", parent="top"),
    ),
)


def item(key: str, difficulty: float | None, *competencies: str) -> Item:
    facts = None if difficulty is None else ParameterFacts(model="rasch", discrimination=1.0, difficulty=difficulty)
    return Item(
        key=key,
        content=ItemContent(body="", interactions=()),
        scoring=ItemScoring(),
        facts=ItemFacts(competencies=competencies),
        parameters=facts,
    )


def test_counts_holes_and_those_outside() -> None:
    items = [
        item("1", -2.0, "a"), item("2", 0.0, "a"), item("3", 0.1, "a", "b"), item("4", None, "b"), item("5", 1.0, "top")
    ]  # fmt: skip
    table = coverage(items, FRAMEWORK, {"a": 1, "b": [0, 2, 2]}, cuts=(-1.0, 1.0))
    assert [(c.competency, c.band, c.n_items, c.n_missing) for c in table.cells] == [
        ("a", 0, 1, 0), ("a", 1, 2, 0), ("a", 2, 0, 1), ("b", 0, 0, 0), ("b", 1, 1, 1), ("b", 2, 0, 2)
    ]  # fmt: skip
    assert [(hole.competency, hole.band, hole.n_missing) for hole in table.holes] == [
        ("b", 2, 2),
        ("a", 2, 1),
        ("b", 1, 1),
    ]
    assert (table.n_missing(), table.n_missing("b")) == (4, 3)
    assert table.uncalibrated == {"b": 1}
    assert table.outside == ("5",)
    assert [table.band_name(band) for band in range(3)] == ["below -1", "-1 to 1", "1 and above"]


def test_parameters_of_a_calibration_overrule_the_item_s_own() -> None:
    facts = {"1": ParameterFacts(model="rasch", discrimination=1.0, difficulty=3.0)}
    table = coverage([item("1", -3.0, "a")], FRAMEWORK, 0, parameters=facts, cuts=(0.0,))
    assert [cell.n_items for cell in table.cells if cell.competency == "a"] == [0, 1]


@given(st.lists(st.floats(-4, 4), max_size=30))
def test_every_calibrated_item_is_counted_once(difficulties: list[float]) -> None:
    table = coverage([item(str(k), d, "a") for k, d in enumerate(difficulties)], FRAMEWORK, 3)
    assert sum(cell.n_items for cell in table.cells) == len(difficulties)
    for cell in table.cells:
        assert cell.n_missing == max(0, 3 - cell.n_items)


@pytest.mark.parametrize(
    ("facts", "difficulty"),
    [
        (None, None),
        (ParameterFacts(model="grm", discrimination=1.0, thresholds=(-1.0, 2.0)), 0.5),
        (ParameterFacts(model="gpcm", discrimination=1.0, steps=(1.0, 3.0)), 2.0),
        (ParameterFacts(model="nrm", slopes=(0.0, 1.0), intercepts=(0.0, -0.5)), 0.5),
        (ParameterFacts(model="nrm", slopes=(0.0, 0.0), intercepts=(0.0, -0.5)), None),
    ],
)
def test_where_an_item_measures(facts: ParameterFacts | None, difficulty: float | None) -> None:
    assert difficulty_of(facts) == difficulty


@pytest.mark.parametrize(
    ("needed", "cuts", "words"),
    [
        (1, (1.0, 0.0), "must rise"),
        (1, (), "must rise"),
        ({"zz": 1}, (0.0,), "'zz' is no competency"),
        ({"top": 1}, (0.0,), "'top' is no competency"),
        ({"a": [1]}, (0.0,), "2 of them"),
        ({"a": [1, -1]}, (0.0,), "from 0"),
    ],
)
def test_wishes_that_make_no_sense(needed: object, cuts: tuple[float, ...], words: str) -> None:
    with pytest.raises(BankError, match=words):
        coverage([], FRAMEWORK, needed, cuts=cuts)  # type: ignore[arg-type]
