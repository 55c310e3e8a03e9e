"""What a CASE package says beside competencies and associations: definitions, rubrics, further fields. It is kept as it
came, without its times, and given back where it is strict CASE 1.1; little lacks are mended, the rest is named.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from itembank.competencies import Competency, Framework
from itembank.exchange.frameworks.case_schema import DEFINITIONS, DOCUMENT, ITEM, RUBRIC, is_valid
from itembank.exchange.frameworks.identifiers import identifier_of
from itembank.exchange.frameworks.report import Ledger, objects, text

Fields = dict[str, Any]
DOCUMENT_FIELDS = frozenset(
    {"adoptionStatus", "publisher", "subject", "subjectURI", "officialSourceURL", "frameworkType", "notes"}
    | {"statusStartDate", "statusEndDate"}
)
ITEM_FIELDS = frozenset(
    {"alternativeLabel", "listEnumeration", "conceptKeywords", "conceptKeywordsURI", "subject", "subjectURI"}
    | {"language", "CFItemTypeURI", "licenseURI", "statusStartDate", "statusEndDate"}
)
TIME = "lastChangeDateTime"
INSIDE = ("CFRubricCriteria", "CFRubricCriterionLevels")
"""Where records hold records of their own."""


def filled(record: Mapping[str, Any], names: frozenset[str]) -> Fields:
    """These fields of a record, where they say anything."""
    return {name: record[name] for name in sorted(names) if record.get(name) not in (None, "", [], {})}


def carried_parts(package: Mapping[str, Any], ledger: Ledger) -> Fields:
    """Definitions and rubrics of a package, without times; little lacks are mended."""
    definitions = package.get("CFDefinitions")
    kept: Fields = {}
    for kind, records in definitions.items() if isinstance(definitions, dict) else ():
        schema = DEFINITIONS["properties"].get(kind)
        if schema is None:
            ledger.fields("CFDefinitions", {kind: records}, ())
        elif found := [_mended(record, schema["items"], kind, ledger) for record in objects(records or [])]:
            kept[kind] = found
    rubrics = [_mended(record, RUBRIC, "CFRubrics", ledger) for record in objects(package.get("CFRubrics") or [])]
    return ({"CFDefinitions": kept} if kept else {}) | ({"CFRubrics": rubrics} if rubrics else {})


def _mended(record: Mapping[str, Any], schema: Fields, kind: str, ledger: Ledger) -> Fields:
    """The record with an identifier, and the texts that CASE asks for and many leave out."""
    known = schema["properties"]
    ledger.fields(kind, record, known)
    kept = {name: said for name, said in record.items() if name in known and said not in (None, "", [], {})}
    kept.pop(TIME, None)
    for name in INSIDE:
        if name in kept:
            inner = known[name]["items"]
            kept[name] = [_mended(part, inner, name, ledger) for part in objects(kept[name])]
    title, given = text(kept.get("title")), text(kept.get("identifier")).lower()
    uri = text(kept.get("uri")) or f"urn:uuid:{identifier_of(f'{kind}:{title}')}"
    identifier = given if is_valid(given, known["identifier"]) else identifier_of(uri)
    lacks = {"description": title, "licenseText": text(kept.get("description")) or title, "hierarchyCode": ""}
    added = {name: said for name, said in lacks.items() if name in schema["required"] and name not in kept}
    return kept | added | {"identifier": identifier, "uri": uri}


class GivenBack:
    """The carried parts of a framework as strict records of one export."""

    def __init__(self, framework: Framework, changed: str, ledger: Ledger) -> None:
        self.carried, self.changed, self.ledger = framework.carried, changed, ledger

    def document(self) -> Fields:
        return self._strict("CFDocument", self.carried.get("CFDocument", {}), DOCUMENT)

    def item(self, competency: Competency) -> Fields:
        held: Fields = self.carried.get("CFItems", {}).get(competency.key, {})
        levels = held.get("educationLevel")
        if levels is not None and ", ".join(map(str, levels)) != competency.level:
            held = {name: value for name, value in held.items() if name != "educationLevel"}
        return self._strict("CFItem", held, ITEM)

    def _strict(self, kind: str, fields: Mapping[str, Any], record: Fields) -> Fields:
        strict = {
            name: value
            for name, value in fields.items()
            if name in record["properties"] and is_valid(value, record["properties"][name])
        }
        for name in fields.keys() - strict.keys():
            self.ledger.left_out[f"{kind}.{name} that strays from CASE 1.1"] += 1
        return strict

    def definitions(self) -> Fields:
        found = {
            kind: list(self._records(kind, records, DEFINITIONS["properties"][kind]["items"]))
            for kind, records in self.carried.get("CFDefinitions", {}).items()
        }
        return {kind: records for kind, records in found.items() if records}

    def rubrics(self) -> list[Fields]:
        return list(self._records("CFRubrics", self.carried.get("CFRubrics", []), RUBRIC))

    def _records(self, kind: str, records: list[Fields], schema: Fields) -> Iterator[Fields]:
        for record in records:
            stamped = self._stamped(record)
            if is_valid(stamped, schema):
                yield stamped
            else:
                self.ledger.left_out[f"{kind} that stray from CASE 1.1"] += 1

    def _stamped(self, record: Fields) -> Fields:
        """The record and all records in it with the time of the change."""
        inner = {name: [self._stamped(part) for part in record[name]] for name in INSIDE if name in record}
        return record | inner | {TIME: self.changed}
