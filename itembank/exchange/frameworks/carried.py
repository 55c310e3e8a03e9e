"""What a CASE package says beside competencies and associations: definitions, rubrics, further fields. It is kept as it
came, without its times, and given back where it is strict CASE 1.1; little lacks are mended, the rest is named.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from itembank.competencies import Competency, Framework
from itembank.exchange.frameworks.case_schema import DATE, DEFINITIONS, DOCUMENT, EDGE, ITEM, LINK, RUBRIC, is_valid
from itembank.exchange.frameworks.identifiers import identifier_of, is_uuid, uri_of, urn_of
from itembank.exchange.frameworks.report import Ledger, objects, text

Fields = dict[str, Any]
DOCUMENT_FIELDS = frozenset(
    {"adoptionStatus", "publisher", "subject", "subjectURI", "officialSourceURL", "frameworkType", "notes"}
    | {"statusStartDate", "statusEndDate", "extensions"}
)
ITEM_FIELDS = frozenset(
    {"alternativeLabel", "listEnumeration", "conceptKeywords", "conceptKeywordsURI", "subject", "subjectURI"}
    | {"language", "CFItemTypeURI", "licenseURI", "statusStartDate", "statusEndDate", "extensions"}
)
EDGE_FIELDS = frozenset({"notes", "CFAssociationGroupingURI", "extensions"})
TIME = "lastChangeDateTime"
INSIDE = ("CFRubricCriteria", "CFRubricCriterionLevels")
"""Where records hold records of their own."""


def filled(record: Mapping[str, Any], names: frozenset[str], schema: Fields) -> Fields:
    """These fields of a record, where they say anything; in the form CASE asks for, where that is plain."""
    said = {name: record[name] for name in sorted(names) if record.get(name) not in (None, "", [], {})}
    return {name: _formed(value, schema["properties"][name]) for name, value in said.items()}


def _formed(value: Any, schema: Fields) -> Any:
    """The value as the schema wants it: one for several, several for one, links whole; as it came where none fits."""
    values = value if isinstance(value, list) else [value]
    if schema["type"] == "array":
        formed: Any = [_formed(one, schema["items"]) for one in values]
    elif schema == LINK:
        formed = link_of(values[0])
    elif schema["type"] == "string":
        formed = text(value)[:10] if schema == DATE else text(value)
    else:
        formed = value
    return formed if is_valid(formed, schema) else value


def link_of(value: Any) -> Fields:
    """A link with all that CASE asks for, from one that lacks something; {} from one that leads nowhere."""
    node = value if isinstance(value, dict) else {"uri": text(value)}
    title, identifier = text(node.get("title")), text(node.get("identifier")).lower()
    uri = address_of(node)
    kept = identifier if is_uuid(identifier) else identifier_of(uri)
    return {"title": title or uri, "identifier": kept, "uri": uri} if uri else {}


def address_of(node: Mapping[str, Any]) -> str:
    """The URI of a node, else one of its identifier; "" where neither is one."""
    identifier = text(node.get("identifier")).lower()
    return uri_of(text(node.get("uri"))) or (urn_of(identifier) if is_uuid(identifier) else "")


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
    uri = address_of(kept) or urn_of(f"{kind}:{title}")
    identifier = given if is_uuid(given) else identifier_of(uri)
    kept |= filled(kept, frozenset(known) - {*INSIDE, "identifier", "uri"}, schema)
    lacks = {"description": title, "licenseText": text(kept.get("description")) or title, "hierarchyCode": ""}
    added = {name: said for name, said in lacks.items() if name in schema["required"] and name not in kept}
    return kept | added | {"identifier": identifier, "uri": uri}


def edge_name(kind: str, origin: str, destination: str) -> str:
    """What one association is known by: its type and the URIs of its ends."""
    return f"{kind} {origin} {destination}"


class GivenBack:
    """The carried parts of a framework as strict records of one export."""

    def __init__(self, framework: Framework, changed: str, ledger: Ledger) -> None:
        self.carried, self.changed, self.ledger = framework.carried, changed, ledger
        self.waiting: dict[str, Fields] = dict(self.carried.get("CFAssociations", {}))
        """Fields of associations that no association written has asked for yet."""

    def document(self) -> Fields:
        return self._strict("CFDocument", self.carried.get("CFDocument", {}), DOCUMENT)

    def item(self, competency: Competency) -> Fields:
        held: Fields = self.carried.get("CFItems", {}).get(competency.key, {})
        levels = held.get("educationLevel")
        if levels is not None and ", ".join(map(str, levels)) != competency.level:
            held = {name: value for name, value in held.items() if name != "educationLevel"}
        return self._strict("CFItem", held, ITEM)

    def identifier(self, uri: str) -> str:
        """The identifier that a package gave to what has this URI, else the one the URI gives."""
        given = self.carried.get("identifiers", {}).get(uri, "")
        return given if is_uuid(given) else identifier_of(uri)

    def edge(self, kind: str, origin: str, destination: str) -> Fields:
        return self._strict("CFAssociation", self.waiting.pop(edge_name(kind, origin, destination), {}), EDGE)

    def end(self) -> None:
        """Name what was carried with associations that are not written under the same type."""
        self.ledger.left_out["fields of an association that is written otherwise"] += len(self.waiting)

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
