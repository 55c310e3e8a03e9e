"""CASE packages with damage: read with what they say, written strictly, and read again to the same competencies."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itembank.errors import FileRefused
from itembank.exchange.frameworks.case_in import read_case
from itembank.exchange.frameworks.case_out import write_case
from itembank.exchange.frameworks.case_schema import case_errors
from itembank.exchange.frameworks.identifiers import identifier_of
from tests.itembank.exchange.case_packages import BASE, CHANGED, lenient_package, link, rich_package

ASN = "http://asn.example/resources/S11434D6"
OTHER = identifier_of("https://x.example/another name")


def round_trip(package: dict[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
    """The package as written again, when competencies and crosswalks come back from it, and what was left out."""
    framework, report = read_case(json.dumps(package).encode(), key="f")
    data, _ = write_case(framework, base_uri=BASE, changed=CHANGED)
    written = json.loads(data)
    assert case_errors(written) == []
    again, _ = read_case(data, key="f")
    assert again.competencies == framework.competencies
    assert set(again.crosswalks) == set(framework.crosswalks)
    return written, report.left_out


def edge(kind: str, origin: dict[str, Any], destination: Any, **more: Any) -> dict[str, Any]:
    return {"associationType": kind, "originNodeURI": origin, "destinationNodeURI": destination} | more


DAMAGE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no address": lambda p: p["CFItems"][0].pop("uri"),
    "an address on the shelf": lambda p: p["CFItems"][0].update(uri="shelf 3"),
    "an address in another alphabet": lambda p: p["CFItems"][0].update(uri="https://x.example/größe?a=5%"),
    "the address of its sister": lambda p: p["CFItems"][0].update(uri=p["CFItems"][1]["uri"]),
    "an identifier of its own": lambda p: p["CFItems"][0].update(uri=ASN),
    "the identifier of the document": lambda p: p["CFItems"][0].update(identifier=p["CFDocument"]["identifier"]),
    "the address of the document": lambda p: p["CFItems"][0].update(uri=p["CFDocument"]["uri"]),
    "no identifier": lambda p: p["CFItems"][0].pop("identifier"),
    "an identifier that is none": lambda p: p["CFItems"][0].update(identifier="K1", humanCodingScheme=""),
    "a code that is an identifier": lambda p: p["CFItems"][0].update(humanCodingScheme=p["CFItems"][1]["identifier"]),
    "one code for two": lambda p: [item.update(humanCodingScheme="1.") for item in p["CFItems"]],
    "a document without address": lambda p: p["CFDocument"].pop("uri"),
    "a match that leads nowhere": lambda p: p["CFAssociations"].append(edge("exactMatchOf", p["CFItems"][0], None)),
    "a match by a name": lambda p: p["CFAssociations"].append(edge("exactMatchOf", p["CFItems"][0], {"uri": "K 7"})),
    "a match by an identifier": lambda p: p["CFAssociations"].append(
        edge("exactMatchOf", p["CFItems"][0], {"identifier": OTHER.upper(), "title": "Other"})
    ),
    "a sister by her address": lambda p: p["CFAssociations"].append(
        edge("isPeerOf", p["CFItems"][0], p["CFItems"][1]["uri"])
    ),
    "a book without address": lambda p: p["CFAssociations"].append(
        edge("exemplar", p["CFItems"][0], {"title": "Book", "identifier": OTHER})
    ),
    "one page under two titles": lambda p: p["CFAssociations"].extend(
        edge("exemplar", p["CFItems"][0], link("page") | {"title": title}) for title in ("A", "B")
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_competencies_come_back_from_a_damaged_package(name: str) -> None:
    package = rich_package()
    DAMAGE[name](package)
    written, _ = round_trip(package)
    assert len(written["CFItems"]) == len(package["CFItems"])


def test_identifiers_that_addresses_do_not_give_are_kept() -> None:
    package = rich_package()
    own = package["CFItems"][0]["identifier"]
    package["CFItems"][0]["uri"] = ASN
    package["CFDocument"]["identifier"] = OTHER
    package["CFAssociations"].append(edge("exactMatchOf", {"identifier": own}, {"identifier": OTHER, "uri": ASN + "7"}))
    written, left_out = round_trip(package)
    assert (written["CFItems"][0]["identifier"], written["CFItems"][0]["uri"]) == (own, ASN)
    assert written["CFDocument"]["identifier"] == OTHER
    (match,) = [found for found in written["CFAssociations"] if found["associationType"] == "exactMatchOf"]
    assert match["originNodeURI"]["identifier"] == own
    assert match["destinationNodeURI"] == {"title": ASN + "7", "identifier": OTHER, "uri": ASN + "7"}
    assert left_out == {}


def test_further_fields_of_associations_come_back() -> None:
    package = rich_package()
    said = {"notes": "by the board", "CFAssociationGroupingURI": link("group"), "extensions": {"board": 7}}
    package["CFAssociations"][1] |= said
    written, left_out = round_trip(package)
    assert left_out == {}
    (found,) = [found for found in written["CFAssociations"] if "notes" in found]
    assert said.items() <= found.items()


def test_fields_in_another_form_are_put_in_the_form_of_case() -> None:
    package = rich_package()
    package["CFItems"][0] |= {
        "subject": "Maths", "subjectURI": {"uri": "https://x.example/maths"}, "extensions": {"colour": "red"},
        "conceptKeywordsURI": [link("ratio")], "statusStartDate": "2020-09-01T00:00:00Z",
    }  # fmt: skip
    written, _ = round_trip(package)
    maths = "https://x.example/maths"
    assert {
        "subject": ["Maths"], "subjectURI": [{"title": maths, "identifier": identifier_of(maths), "uri": maths}],
        "conceptKeywordsURI": link("ratio"), "statusStartDate": "2020-09-01", "extensions": {"colour": "red"},
    }.items() <= written["CFItems"][0].items()  # fmt: skip


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Every place of a package: where it stands and its key there."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [spot for key, part in list(pairs) for spot in ((value, key), *spots(part))]


STRANGE = st.sampled_from(
    [None, "", 0, 1.5, True, [], {}, " ", ["x", None], {"title": "t"}, "a\nb", "é", -3, "2020-02-30", "\0", OTHER]
)


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from([rich_package, lambda: lenient_package()["CFPackage"]]))
def test_any_damage_is_survived(data: st.DataObject, begin: Callable[[], dict[str, Any]]) -> None:
    package = begin()
    for _ in range(data.draw(st.integers(1, 4))):
        where, key = data.draw(st.sampled_from(spots(package)))
        where[key] = data.draw(STRANGE)
    whole = isinstance(package.get("CFDocument"), dict) and isinstance(package.get("CFItems"), list)
    with nullcontext() if whole else pytest.raises(FileRefused, match="no CASE package"):
        round_trip(package)
