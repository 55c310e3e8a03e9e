"""What a CASE package says beside competencies: definitions, rubrics and further fields come back with it."""

import json

from itembank.exchange.frameworks.case_in import read_case
from itembank.exchange.frameworks.case_out import case_package
from itembank.exchange.frameworks.case_schema import case_errors
from itembank.exchange.frameworks.identifiers import identifier_of
from itembank.exchange.frameworks.provider import DEFINED, Provider
from itembank.records import canonical
from tests.itembank.exchange.case_packages import BASE, CHANGED, rich_package, without_times


def test_definitions_rubrics_and_further_fields_come_back() -> None:
    package = rich_package()
    assert case_errors(package) == []
    framework, report = read_case(json.dumps(package).encode(), key="f")
    assert report.left_out == {}
    assert framework.competencies[0].can_do == ("count",)
    again, left = case_package(framework, base_uri=BASE, changed=CHANGED)
    assert left.left_out == {}
    for part in ("CFDocument", "CFItems", "CFDefinitions", "CFRubrics"):
        assert without_times(again[part]) == without_times(package[part])
    twice, _ = read_case(json.dumps(again).encode(), key="f")
    assert canonical(twice) == canonical(framework)


def test_a_provider_answers_for_definitions() -> None:
    package = rich_package()
    provider = Provider([package], BASE)
    for kind, records in (package["CFDefinitions"] | {"CFRubrics": package["CFRubrics"]}).items():
        (one,) = records
        found = provider.definition(kind, one["identifier"].upper())
        assert found == ({kind: [one]} if kind in ("CFConcepts", "CFSubjects", "CFItemTypes") else one)
        assert provider.definition(kind, "nonsense") is None
    assert set(DEFINED) == {*package["CFDefinitions"], "CFRubrics"}


def test_definitions_are_mended_where_they_lack_a_little_and_named_where_they_stray() -> None:
    package = rich_package()
    package["CFDocument"]["officialSourceURL"] = "see the shelf"
    package["CFDefinitions"]["CFItemTypes"] = [
        {
            "title": "Strand",
            "uri": "https://x.example/strand",
            "identifier": "STRAND",
            "description": None,
            "colour": "red",
        },
        {"title": "", "uri": "https://x.example/nothing"},
    ]
    package["CFDefinitions"]["CFColours"] = [{"title": "red"}]
    package["CFRubrics"][0]["CFRubricCriteria"][0]["weight"] = "half"
    framework, report = read_case(json.dumps(package).encode(), key="f")
    assert report.left_out == {"CFDefinitions.CFColours": 1, "CFItemTypes.colour": 1}
    again, left = case_package(framework, base_uri=BASE, changed=CHANGED)
    assert case_errors(again) == []
    assert without_times(again["CFDefinitions"]["CFItemTypes"]) == [
        {"title": "Strand", "uri": "https://x.example/strand", "identifier": identifier_of("https://x.example/strand"),
         "description": "Strand", "hierarchyCode": ""},
    ]  # fmt: skip
    assert "CFRubrics" not in again
    assert left.left_out == {
        "CFDocument.officialSourceURL that strays from CASE 1.1": 1,
        "CFItemTypes that stray from CASE 1.1": 1,
        "CFRubrics that stray from CASE 1.1": 1,
    }
