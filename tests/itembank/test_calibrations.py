"""Parameters that come in files become calibrations: whose convention, on whose items, beside what was there."""

import pytest

from itembank.calibrations import imported_document, merged, parameters_of, same_parameters
from itembank.errors import BankError, FileRefused
from itembank.exchange.item_forms import choice_item
from itembank.exchange.parameters.catr import write_catr
from itembank.exchange.parameters.csv_json import write_document, write_parameter_table
from itembank.exchange.parameters.files import read_parameters, told_by_columns
from itembank.exchange.parameters.mirt import write_mirt
from itembank.exchange.parameters.traditional import write_traditional
from itembank.exchange.qti.export import write_package
from itembank.exchange.qti.packages import read_package
from itembank.items import Item, ItemFacts, ParameterFacts
from psychometrics.models.base import ItemParameters

FACTS = ParameterFacts(model="2pl", discrimination=1.5, difficulty=-0.25, guessing=0.0, upper=1.0)


def item(key: str, facts: ParameterFacts | None = None) -> Item:
    formed = choice_item(f"Question {key}?", ("a", "b"), {"A": 1.0})
    return Item(
        key=key, content=formed.content, scoring=formed.scoring, facts=ItemFacts(competencies=("c",)), parameters=facts
    )


@pytest.mark.parametrize(
    ("convention", "data"),
    [
        ("mirt", write_mirt({"one": FACTS})),
        ("traditional", write_traditional({"one": FACTS}, scaling=1.7)),
        ("json", write_document({"one": FACTS})),
        ("csv", write_parameter_table({"one": FACTS})),
        ("winsteps", b"ENTRY MEASURE NAME\n1 -0.25 one\n"),
    ],
)
def test_columns_tell_whose_file_it_is(convention: str, data: bytes) -> None:
    assert told_by_columns(data, "p.csv") == convention
    found = read_parameters(data, "p.csv").parameters["one"]
    assert found.difficulty == pytest.approx(-0.25, abs=1e-12)
    assert found.discrimination == pytest.approx(1.0 if convention == "winsteps" else 1.5, abs=1e-12)


def test_a_file_that_fits_several_conventions_must_be_named() -> None:
    with pytest.raises(FileRefused, match="name it: mirt, traditional, winsteps"):
        read_parameters(b"item_id,a,b,c\none,1,0,0\n", "abc.csv")
    catr = read_parameters(write_catr({"one": FACTS}), "catr.csv", "catr")
    assert catr.parameters["one"].discrimination == 1.5
    named = read_parameters(b"item_id,a,b,c\none,1,0,0\n", "abc.csv", "traditional", scaling=1.7)
    assert named.parameters["one"].discrimination == pytest.approx(1.7)


def test_statistics_in_a_qti_package_become_a_calibration() -> None:
    package = read_package(write_package([item("one", FACTS), item("two")], {}, "3.0"))
    brought = parameters_of(package.items)
    assert set(brought) == {"one"}
    document = imported_document(brought, package.items, metric="logistic", source="x.zip")
    assert document["status"] == "taken from x.zip"
    parameters = ItemParameters.from_records(document["items"])
    assert (parameters.discrimination[0], parameters.difficulty[0]) == (1.5, -0.25)
    assert document["items"][0]["competency"] == "c"


def test_parameters_for_strangers_are_refused_or_left_out() -> None:
    with pytest.raises(BankError, match="for no item of the bank"):
        imported_document({"other": FACTS}, [item("one")], metric="m", source="f.csv")
    document = imported_document({"other": FACTS, "one": FACTS}, [item("one")], metric="m", source="f.csv")
    assert [record["item_id"] for record in document["items"]] == ["one"]


def test_new_records_stand_beside_old_ones_and_rewritten_questions_lose_theirs() -> None:
    before = {"assay": "calibration/1", "notes": ["n"], "items": [{"item_id": k, "difficulty": 0.0} for k in "abc"]}
    after = merged(
        before, [{"item_id": "b", "difficulty": 1.0}, {"item_id": "d", "difficulty": 2.0}], "note", {"a", "b"}
    )
    assert {record["item_id"]: record["difficulty"] for record in after["items"]} == {"a": 0.0, "b": 1.0, "d": 2.0}
    assert after["notes"] == ["n", "note"]
    assert before["items"][1]["difficulty"] == 0.0
    assert same_parameters(after, after)
    assert not same_parameters(before, after)
    assert not same_parameters(None, after)
