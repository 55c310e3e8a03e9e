"""Frameworks: lenient in, strict out, nothing lost in silence."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itembank.competencies import Competency, Crosswalk, Framework, FrameworkInvalid, Resource
from itembank.errors import BankError, FileRefused
from itembank.exchange.frameworks.case_in import read_case
from itembank.exchange.frameworks.case_out import case_package, write_case
from itembank.exchange.frameworks.case_schema import case_errors
from itembank.exchange.frameworks.csv_table import (
    read_crosswalks,
    read_framework_table,
    resource_of,
    write_crosswalks,
    write_framework_table,
)
from itembank.exchange.frameworks.ctdl import read_ctdl
from itembank.exchange.frameworks.identifiers import identifier_of
from itembank.exchange.frameworks.provider import DEFINED, Provider
from itembank.records import canonical

BASE = "https://bank.example/frameworks"
CHANGED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NAME = st.text("abcdefgh XYZ.,-é|\\<>&=", min_size=1, max_size=20).map(str.strip).filter(bool)


@st.composite
def frameworks(draw: st.DrawFn) -> Framework:
    n = draw(st.integers(1, 8))
    competencies = []
    for k in range(n):
        before = [f"k{j}" for j in range(k)]
        competencies.append(
            Competency(
                key=f"k{k}",
                statement=draw(NAME),
                parent=draw(st.sampled_from(["", *before])),
                title=draw(st.just("") | NAME),
                code=f"k{k}",
                level=draw(st.sampled_from(["", "basic", "expert"])),
                uri=f"https://x.example/{k}",
                kind=draw(st.sampled_from(["", "Cluster"])),
                prerequisites=tuple(draw(st.lists(st.sampled_from(before), unique=True))) if before else (),
                resources=tuple(draw(st.lists(st.just(Resource(title="Book", url="https://b.example/1")), max_size=1))),
                can_do=tuple(draw(st.lists(NAME, max_size=2))),
            )
        )
    crosswalks = draw(st.lists(st.sampled_from(["exact", "peer", "related", "part_of", "replaced_by"]), max_size=3))
    return Framework(
        key="f",
        title=draw(NAME),
        competencies=tuple(competencies),
        uri="https://x.example/f",
        creator="C",
        crosswalks=tuple(Crosswalk(origin="k0", destination=f"https://o.example/{k}", kind=kind)  # type: ignore[arg-type]
                         for k, kind in enumerate(crosswalks)),
    )  # fmt: skip


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


@settings(max_examples=40, deadline=None)
@given(frameworks())
def test_tables_come_back(framework: Framework) -> None:
    again, _ = read_framework_table(write_framework_table(framework), key="f", title="t")
    assert again.competencies == framework.competencies


def test_crosswalk_tables_come_back() -> None:
    crosswalks = (Crosswalk(origin="a", destination="u:1"), Crosswalk(origin="b", destination="u:2", kind="broader"))
    assert read_crosswalks(write_crosswalks(crosswalks)) == crosswalks


def small() -> dict[str, Any]:
    framework = Framework(
        key="f", title="T", uri="https://x.example/f", creator="C",
        competencies=(Competency(key="a", statement="A"), Competency(key="b", statement="B", parent="a")),
    )  # fmt: skip
    return case_package(framework, base_uri=BASE, changed=CHANGED)[0]


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
    "version": lambda p: p["CFDocument"].update(caseVersion="1.0"),
}


@pytest.mark.parametrize("name", STRAYS)
def test_the_strict_schema_sees_strays(name: str) -> None:
    package = small()
    assert case_errors(package) == []
    STRAYS[name](package)
    assert case_errors(package)


def lenient_package() -> dict[str, Any]:
    def node(k: str) -> dict[str, str]:
        return {"identifier": k, "uri": f"u:{k}", "title": k.upper()}

    def edge(kind: str, origin: str, destination: str, **more: Any) -> dict[str, Any]:
        return {"associationType": kind, "originNodeURI": node(origin), "destinationNodeURI": node(destination)} | more

    return {
        "CFPackage": {
            "CFDocument": node("doc") | {"CFPackageURI": "u", "notes": "n"},
            "CFItems": [
                {"identifier": k, "uri": f"u:{k}", "fullStatement": f"can {k}", "educationLevel": ["06", "07"]}
                for k in "abcd"
            ]
            + [{"identifier": "lvl", "fullStatement": "Expert", "listEnumeration": "1"}],
            "CFAssociations": [
                edge("isChildOf", "a", "doc"),
                edge("isChildOf", "c", "a", sequenceNumber=2),
                edge("isChildOf", "b", "a", sequenceNumber=1),
                edge("isChildOf", "d", "b"),
                edge("isChildOf", "d", "c"),
                edge("precedes", "b", "c"),
                edge("exemplar", "b", "http"),
                edge("hasSkillLevel", "b", "lvl"),
                edge("exactMatchOf", "a", "elsewhere"),
                edge("ext:funny", "a", "b"),
                edge("isPeerOf", "stranger", "b"),
            ],
        }
    }


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
        "CFItem.identifier that its URI does not give": 5,
        "association ext:funny": 1,
        "isPeerOf from a node outside the package": 1,
    }
    assert "second parent 'c'" in report.notes[0]


def link(name: str) -> dict[str, str]:
    return {"title": name, "identifier": identifier_of(f"https://x.example/{name}"), "uri": f"https://x.example/{name}"}


def record(name: str, **more: Any) -> dict[str, Any]:
    return link(name) | {"lastChangeDateTime": "2020-01-01T00:00:00Z"} | more


def rich_package() -> dict[str, Any]:
    """A package with every kind of definition, a rubric, and all further fields of its document and items."""
    package = small()
    package["CFDocument"] |= {
        "adoptionStatus": "Adopted", "publisher": "P", "subject": ["Maths"], "subjectURI": [link("maths")],
        "officialSourceURL": "https://x.example/source", "notes": "n", "statusStartDate": "2020-09-01",
    }  # fmt: skip
    package["CFItems"][0] |= {
        "alternativeLabel": "Outcome", "listEnumeration": "1", "conceptKeywords": ["ratio"], "language": "en",
        "conceptKeywordsURI": link("ratio"), "subject": ["Maths"], "subjectURI": [link("maths")],
        "CFItemType": "Cluster", "CFItemTypeURI": link("cluster"), "licenseURI": link("licence"),
        "educationLevel": ["06", "07"], "notes": "Can do: count\nderived from practice", "statusEndDate": "2030-01-31",
    }  # fmt: skip
    package["CFDefinitions"] = {
        "CFConcepts": [record("ratio", hierarchyCode="1", keywords="ratio|rate")],
        "CFSubjects": [record("maths", hierarchyCode="1", description="Mathematics")],
        "CFLicenses": [record("licence", licenseText="Free.")],
        "CFItemTypes": [record("cluster", description="A cluster", hierarchyCode="2", typeCode="C")],
        "CFAssociationGroupings": [record("group", description="A group")],
    }
    level = record("well", quality="good", score=2.5, position=1)
    level.pop("title")
    criterion = record("clear", category="form", weight=0.5, position=1, CFItemURI=link("a"))
    criterion.pop("title")
    package["CFRubrics"] = [
        record(
            "essay", CFRubricCriteria=[criterion | {"CFRubricCriterionLevels": [level]}], description="How essays go"
        )
    ]
    return package


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_times(part) for name, part in value.items() if name != "lastChangeDateTime"}
    return [without_times(part) for part in value] if isinstance(value, list) else value


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
    framework, _ = read_case(json.dumps(package).encode())
    data, report = write_case(framework, base_uri=BASE, changed=CHANGED)
    assert case_errors(json.loads(data)) == []
    assert report.left_out["language that is no language tag"] == 1
    assert report.left_out["URI that is not absolute or names something else too"] == 5


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
    resources = (Resource(title="Talk"), Resource(title="B", url="https://b.x", minutes=5))
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
        "resource without a URI": 1,
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
