"""Frameworks: lenient in, strict out, nothing lost in silence."""

import json
import time
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings

from itembank.competencies import Competency, Crosswalk, Framework, Resource
from itembank.errors import BankError, FileRefused
from itembank.exchange.frameworks.case_in import read_case
from itembank.exchange.frameworks.case_out import case_package, write_case
from itembank.exchange.frameworks.case_schema import case_errors
from itembank.exchange.frameworks.ctdl import read_ctdl
from itembank.exchange.frameworks.identifiers import identifier_of
from tests.itembank.exchange.case_packages import BASE, CHANGED, frameworks, lenient_package, small


@settings(max_examples=40, deadline=None)
@given(frameworks())
def test_case_packages_are_strict_and_come_back(framework: Framework) -> None:
    data, report = write_case(framework, base_uri=BASE, changed=CHANGED)
    package = json.loads(data)
    assert case_errors(package) == []
    again, back = read_case(data, key="f")
    by_key = {competency.key: competency for competency in again.competencies}
    assert by_key == {competency.key: competency for competency in framework.competencies}
    assert set(again.crosswalks) == set(framework.crosswalks)
    assert back.left_out == {}
    assert report.n_competencies == len(framework.competencies)
    second, _ = case_package(again, base_uri=BASE, changed=CHANGED)
    for part in ("CFItems", "CFAssociations"):
        assert {r["identifier"] for r in second[part]} == {r["identifier"] for r in package[part]}


STRAYS = {
    "unknown field": lambda p: p["CFItems"][0].update(CFDocumentURI="x"),
    "no statement": lambda p: p["CFItems"][0].pop("fullStatement"),
    "empty statement": lambda p: p["CFItems"][0].update(fullStatement=""),
    "identifier": lambda p: p["CFItems"][0].update(identifier="a"),
    "relative uri": lambda p: p["CFItems"][0].update(uri="/a"),
    "time without zone": lambda p: p["CFDocument"].update(lastChangeDateTime="2026-01-01T00:00:00"),
    "association type": lambda p: p["CFAssociations"][0].update(associationType="likes"),
    "node without title": lambda p: p["CFAssociations"][0]["originNodeURI"].pop("title"),
    "doubled identifier": lambda p: p["CFItems"][0].update(identifier=p["CFItems"][1]["identifier"]),
    "origin outside": lambda p: p["CFAssociations"][0]["originNodeURI"].update(identifier=identifier_of("u:x")),
    "day that never was": lambda p: p["CFDocument"].update(statusStartDate="2026-02-30"),
    "address in another alphabet": lambda p: p["CFItems"][0].update(uri="https://x.example/größe"),
    "version": lambda p: p["CFDocument"].update(caseVersion="1.0"),
}


@pytest.mark.parametrize("name", STRAYS)
def test_the_strict_schema_sees_strays(name: str) -> None:
    package = small()
    assert case_errors(package) == []
    STRAYS[name](package)
    assert case_errors(package)


def test_case_is_read_leniently_and_what_has_no_place_is_named() -> None:
    framework, report = read_case(json.dumps(lenient_package()).encode())
    by_key = {competency.key: competency for competency in framework.competencies}
    assert [competency.key for competency in framework.competencies] == ["a", "b", "d", "c", "lvl"]
    assert (by_key["b"].parent, by_key["d"].parent) == ("a", "b")
    assert by_key["c"].prerequisites == ("b",)
    assert by_key["b"].resources == (Resource(title="HTTP", url="u:http"),)
    assert by_key["b"].level == "Expert"
    assert by_key["a"].level == "06, 07"
    assert Crosswalk(origin="a", destination="u:elsewhere", kind="exact") in framework.crosswalks
    assert Crosswalk(origin="d", destination="c", kind="part_of") in framework.crosswalks
    assert report.left_out == {
        "CFItem.identifier that is no UUID or names the document": 5,
        "association ext:funny": 1,
        "isPeerOf from a node outside the package": 1,
    }
    assert "second parent 'c'" in report.notes[0]


def test_a_second_level_is_named_and_the_first_one_stays() -> None:
    package = lenient_package()
    ends = ({"identifier": "b", "uri": "u:b"}, {"identifier": "c", "uri": "u:c"})
    another = dict(zip(("originNodeURI", "destinationNodeURI"), ends))
    package["CFPackage"]["CFAssociations"].append({"associationType": "hasSkillLevel", **another})
    framework, report = read_case(json.dumps(package).encode())
    assert next(competency.level for competency in framework.competencies if competency.key == "b") == "Expert"
    assert "'b' has a second level 'can c', left out beside 'Expert'." in report.notes


def test_circles_are_cut_and_named() -> None:
    package = lenient_package()["CFPackage"]
    for kind, origin, destination in (("precedes", "c", "b"), ("isChildOf", "a", "d"), ("precedes", "d", "d")):
        package["CFAssociations"].append(
            {
                "associationType": kind,
                "originNodeURI": {"identifier": origin},
                "destinationNodeURI": {"identifier": destination},
            }
        )
    framework, report = read_case(json.dumps(package).encode())
    assert len(framework.competencies) == 5
    assert sum("closes a circle" in note for note in report.notes) == 3


def test_a_messy_package_is_written_strictly_all_the_same() -> None:
    package = lenient_package()["CFPackage"]
    package["CFDocument"] |= {"language": "English (US)", "creator": None}
    for item in package["CFItems"]:
        item["uri"] = "https://x.example/the same"
    package["CFItems"][0]["fullStatement"] = ""
    framework, read = read_case(json.dumps(package).encode(), key="f")
    assert read.left_out["CFItem.uri that is no URI or names something else too"] == 5
    data, report = write_case(framework, base_uri=BASE, changed=CHANGED)
    assert case_errors(json.loads(data)) == []
    assert report.left_out["language that is no language tag"] == 1
    assert read_case(data, key="f")[0].competencies == framework.competencies


def test_strangers_are_refused() -> None:
    for data, words in ((b"{}", "no CASE package"), (b"[1]", "no JSON object"), (b"{" * 100_000, "no JSON object")):
        with pytest.raises(FileRefused, match=words):
            read_case(data)
    with pytest.raises(FileRefused, match="no CTDL-ASN graph"):
        read_ctdl(b'{"@graph": []}')


def test_strict_export_refuses_what_it_cannot_say() -> None:
    framework = Framework(key="f", title="T", competencies=(Competency(key="a", statement=""),))
    with pytest.raises(BankError, match="would stray from CASE"):
        write_case(framework, base_uri=BASE, changed=CHANGED)
    fine = Framework(key="f", title="T", competencies=(Competency(key="a", statement="A"),))
    with pytest.raises(BankError, match="time zone"):
        write_case(fine, base_uri=BASE, changed=datetime(2026, 1, 1))


def test_export_names_what_case_has_no_place_for() -> None:
    resources = (Resource(title="Talk", url="shelf 3"), Resource(title="B", url="https://b.x", minutes=5))
    framework = Framework(
        key="f", title="T", licence="free", levels=("low", "high"),
        competencies=(Competency(key="a", statement="A", code="other", resources=resources),),
        crosswalks=(Crosswalk(origin="a", destination="https://o.x/1", kind="broader"),),
    )  # fmt: skip
    _, report = write_case(framework, base_uri=BASE, changed=CHANGED)
    assert report.left_out == {
        "key beside a different code": 1,
        "licence that is no URI": 1,
        "minutes of a resource": 1,
        "order of the levels": 1,
        "address of a resource that is no URI": 1,
    }
    assert "broader" in report.notes[0]


def test_a_large_package_goes_through_in_seconds() -> None:
    competencies = tuple(
        Competency(
            key=f"c{k}", statement=f"can {k}", parent=f"c{(k - 1) // 5}" if k else "",
            prerequisites=tuple(f"c{j}" for j in range(max(0, k - 5), k)),
        )
        for k in range(585)
    )  # fmt: skip
    framework = Framework(key="f", title="T", uri="https://x.example/f", creator="C", competencies=competencies)
    begin = time.process_time()
    data, _ = write_case(framework, base_uri=BASE, changed=CHANGED)
    again, _ = read_case(data, key="f")
    assert time.process_time() - begin < 20
    assert len(json.loads(data)["CFAssociations"]) > 3368
    assert {c.key: c.prerequisites for c in again.competencies} == {c.key: c.prerequisites for c in competencies}


@pytest.mark.parametrize("name", ["case_opensalt_sample.json", "onet_basic_skills_ctdl_asn.json"])
def test_real_frameworks_come_in_and_go_out_strict(shared_data: Path, name: str) -> None:
    path = shared_data / "frameworks" / name
    framework, report = (read_case if "case" in name else read_ctdl)(path)
    assert (len(framework.competencies), report.n_competencies) == ((16, 16) if "case" in name else (12, 12))
    assert report.left_out == {} if "case" in name else report.left_out
    assert ("CFDefinitions" in framework.carried) == ("case" in name)
    data, _ = write_case(framework, base_uri=BASE, changed=CHANGED)
    assert case_errors(json.loads(data)) == []
    assert read_case(data, key=framework.key)[0] == framework
