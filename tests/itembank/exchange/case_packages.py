"""Frameworks and CASE packages for tests: small, drawn, rich in every field, and as careless as published ones."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from itembank.competencies import Competency, Crosswalk, Framework, Resource
from itembank.exchange.frameworks.case_out import case_package
from itembank.exchange.frameworks.identifiers import identifier_of

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


def small() -> dict[str, Any]:
    framework = Framework(
        key="f", title="T", uri="https://x.example/f", creator="C",
        competencies=(Competency(key="a", statement="A"), Competency(key="b", statement="B", parent="a")),
    )  # fmt: skip
    return case_package(framework, base_uri=BASE, changed=CHANGED)[0]


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
