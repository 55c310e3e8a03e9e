"""CASE 1.0 and 1.1 packages in: lenient, because published packages stray from the schema in dozens of places.

isChildOf gives the tree, precedes the prerequisites, exemplar the resources, hasSkillLevel the level; the other
associations become crosswalks. A competency has one parent here: further ones are kept as crosswalks and named.
"""

from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from typing import Any

from itembank.competencies import Competency, Crosswalk, Framework, Resource, check_framework
from itembank.exchange.delimited import Source, source_name
from itembank.exchange.findings import Findings
from itembank.exchange.frameworks.carried import (
    DOCUMENT_FIELDS,
    EDGE_FIELDS,
    ITEM_FIELDS,
    address_of,
    carried_parts,
    edge_name,
    filled,
)
from itembank.exchange.frameworks.case_names import Names
from itembank.exchange.frameworks.case_schema import DOCUMENT, EDGE, ITEM
from itembank.exchange.frameworks.identifiers import NOWHERE, is_uuid, uri_of
from itembank.exchange.frameworks.report import FrameworkReport, Ledger, objects, read_json_object, text
from itembank.exchange.item_forms import key_of
from itembank.records import settled

CAN_DO = "Can do: "
CROSSWALKS: dict[str, Any] = {
    "exactMatchOf": "exact",
    "isPeerOf": "peer",
    "isPartOf": "part_of",
    "isRelatedTo": "related",
    "isTranslationOf": "related",
    "replacedBy": "replaced_by",
}
STAMP = {"identifier", "uri", "lastChangeDateTime"}
KNOWN = {
    "CFPackage": {"CFDocument", "CFItems", "CFAssociations", "CFDefinitions", "CFRubrics"},
    "CFDocument": STAMP
    | DOCUMENT_FIELDS
    | {"creator", "title", "description", "language", "version", "licenseURI", "CFPackageURI", "caseVersion"},
    "CFItem": STAMP
    | ITEM_FIELDS
    | {"fullStatement", "abbreviatedStatement", "humanCodingScheme", "CFItemType", "CFItemTypeURI", "notes"}
    | {"educationLevel", "educationalLevel", "CFDocumentURI", "CFItemAssociationURI"},
    "CFAssociation": STAMP
    | EDGE_FIELDS
    | {"associationType", "originNodeURI", "destinationNodeURI", "sequenceNumber", "CFDocumentURI"},
}


def read_case(source: Source, *, key: str = "", name: str = "") -> tuple[Framework, FrameworkReport]:
    """A framework from a CASE package, wrapped in "CFPackage" or not; `key` names it in this house.

    Raises:
        FileRefused: when it is no CASE package.
    """
    findings = Findings(source_name(source, name), skip_bad=True)
    package = read_json_object(source, findings)
    package = package["CFPackage"] if isinstance(package.get("CFPackage"), dict) else package
    document = package.get("CFDocument")
    if not isinstance(document, dict) or not isinstance(package.get("CFItems"), list):
        raise findings.refuse("is no CASE package; it has a CFDocument and a list CFItems.")
    reading = _Reading(document, objects(package["CFItems"]), objects(package.get("CFAssociations") or []))
    reading.ledger.fields("CFPackage", package, KNOWN["CFPackage"])
    reading.break_circles()
    framework = reading.framework(key, carried_parts(package, reading.ledger))
    check_framework(framework)
    report = reading.ledger.report(findings.file, len(framework.competencies), len(framework.crosswalks))
    return framework, report


class _Reading:
    """One package on its way to a framework."""

    def __init__(
        self, document: dict[str, Any], items: list[dict[str, Any]], associations: list[dict[str, Any]]
    ) -> None:
        self.document, self.associations = document, associations
        self.ledger = Ledger()
        self.names = Names(document, items, self.ledger)
        self.items, self.keys, self.uris = self.names.items, self.names.keys, self.names.uris
        self.parents: dict[str, str] = {}
        self.order: dict[str, float] = {}
        self.prerequisites: dict[str, list[str]] = defaultdict(list)
        self.resources: dict[str, list[Resource]] = defaultdict(list)
        self.levels: dict[str, str] = {}
        self.crosswalks: list[Crosswalk] = []
        self.edges: dict[str, dict[str, Any]] = {}
        """Further fields of associations, by type and ends."""
        for association in associations:
            self._associate(association)

    def _associate(self, association: dict[str, Any]) -> None:
        self.ledger.fields("CFAssociation", association, KNOWN["CFAssociation"])
        kind = text(association.get("associationType"))
        origin = self.names.item(_node(association, "originNodeURI"))
        node = _node(association, "destinationNodeURI")
        destination = self.names.item(node)
        if not origin:
            self.ledger.left_out[f"{kind} from a node outside the package"] += 1
        elif kind == "isChildOf":
            self._parent(origin, destination, node, association.get("sequenceNumber"))
        elif kind == "precedes" and destination:
            self.prerequisites[self.keys[destination]].append(self.keys[origin])
        elif kind == "exemplar":
            self._resource(origin, node)
        elif kind == "hasSkillLevel":
            self._level(origin, self._title(node))
        elif kind in CROSSWALKS or kind == "precedes":
            self._crosswalk(origin, node, CROSSWALKS.get(kind, "related"), kind)
        else:
            self.ledger.left_out[f"association {kind or 'without type'}"] += 1
            return
        further = filled(association, EDGE_FIELDS, EDGE)
        if origin and further:
            ends = self.uris[origin], self.uris.get(destination) or address_of(node)
            self.edges[edge_name(kind, *ends)] = further

    def _resource(self, origin: str, node: dict[str, Any]) -> None:
        title, url = text(node.get("title")), uri_of(text(node.get("uri")))
        stated = text(node.get("uri"))
        self.ledger.left_out["exemplar.uri that is no URI"] += stated != "" and not url
        resource = Resource(title=title or stated, url="" if url.startswith(NOWHERE) else url)
        if any(resource.url == known.url and (resource.url or resource == known) for known in self.resources[origin]):
            self.ledger.left_out["exemplar that stands twice"] += 1
        elif resource.title:
            self.resources[origin].append(resource)

    def _level(self, origin: str, level: str) -> None:
        stated = self.levels.setdefault(origin, level)
        if stated != level:
            self.ledger.notes.append(f"'{self.keys[origin]}' has a second level '{level}', left out beside '{stated}'.")

    def _parent(self, child: str, parent: str, node: dict[str, Any], sequence: Any) -> None:
        if not parent:
            if not self.names.is_document(node):
                self.ledger.left_out["isChildOf a node outside the package"] += 1
            if child not in self.parents:
                self.order.setdefault(child, _number(sequence))
        elif child in self.parents:
            if self.parents[child] != parent:
                self.ledger.notes.append(
                    f"'{self.keys[child]}' has a second parent '{self.keys[parent]}', kept as a crosswalk (part_of)."
                )
                self._crosswalk(child, self.items[parent], "part_of", "isChildOf")
        else:
            self.parents[child] = parent
            self.order[child] = _number(sequence)

    def _crosswalk(self, origin: str, node: dict[str, Any], kind: Any, said: str) -> None:
        own = self.names.item(node)
        target = self.keys[own] if own else address_of(node)
        if not target:
            self.ledger.left_out[f"{said} to a node without an address"] += 1
            return
        if said in ("isTranslationOf", "precedes"):
            self.ledger.notes.append(f"'{self.keys[origin]}' {said} '{target}', kept as a crosswalk (related).")
        if not own:
            self.names.give(text(node.get("identifier")).lower(), target)
        self.crosswalks.append(Crosswalk(origin=self.keys[origin], destination=target, kind=kind))

    def _title(self, node: dict[str, Any]) -> str:
        item = self.items.get(self.names.item(node), {})
        return text(item.get("abbreviatedStatement") or item.get("fullStatement")) or text(node.get("title"))

    def break_circles(self) -> None:
        """Leave out one association of every circle, and say which."""
        parents = {child: [parent] for child, parent in self.parents.items()}
        for child, parent in cut_circles(parents):
            self.parents.pop(child)
            self.ledger.notes.append(f"'{self.keys[child]}' below '{self.keys[parent]}' closes a circle, left out.")
        for later, before in cut_circles(self.prerequisites):
            self.ledger.notes.append(f"'{before}' before '{later}' closes a circle, left out.")

    def framework(self, key: str, carried: dict[str, Any]) -> Framework:
        self.ledger.fields("CFDocument", self.document, KNOWN["CFDocument"])
        licence = self.document.get("licenseURI")
        title = text(self.document.get("title")) or "Untitled framework"
        return settled(
            Framework(
                key=key or key_of(title, set(), "framework"),
                title=title,
                competencies=tuple(self._competency(identifier) for identifier in self._in_order()),
                uri=self.names.uri,
                creator=text(self.document.get("creator")),
                description=text(self.document.get("description")),
                language=text(self.document.get("language")) or "en",
                licence=text(licence.get("uri") if isinstance(licence, dict) else licence),
                version=text(self.document.get("version")),
                crosswalks=tuple(dict.fromkeys(self.crosswalks)),
                carried=self._carried() | carried,
            )
        )

    def _carried(self) -> dict[str, Any]:
        """Fields of the document and of items that a framework has no place of its own for."""
        document = filled(self.document, DOCUMENT_FIELDS, DOCUMENT)
        items = {self.keys[identifier]: self._further(identifier) for identifier in self.items}
        said = {key: fields for key, fields in items.items() if fields}
        parts = {
            "CFDocument": document,
            "CFItems": said,
            "CFAssociations": self.edges,
            "identifiers": self.names.identifiers,
        }
        return {name: part for name, part in parts.items() if part}

    def _further(self, identifier: str) -> dict[str, Any]:
        item = self.items[identifier]
        notes = [line for line in text(item.get("notes")).splitlines() if not line.startswith(CAN_DO)]
        level = item.get("educationLevel")
        several = isinstance(level, list) and len(level) > 1 and identifier not in self.levels
        further = filled(item, ITEM_FIELDS, ITEM) | ({"notes": "\n".join(notes)} if any(notes) else {})
        return further | ({"educationLevel": level} if several else {})

    def _in_order(self) -> list[str]:
        """Parents before children, brothers and sisters by sequence number; whoever stands in a circle comes last."""
        below: dict[str, list[str]] = defaultdict(list)
        for identifier in self.items:
            below[self.parents.get(identifier, "")].append(identifier)
        ordered: list[str] = []
        waiting = [""]
        while waiting:
            current = waiting.pop()
            if current:
                ordered.append(current)
            waiting += sorted(below[current], key=lambda child: self.order.get(child, 0.0))[::-1]
        placed = set(ordered)
        return ordered + [identifier for identifier in self.items if identifier not in placed]

    def _competency(self, identifier: str) -> Competency:
        item = self.items[identifier]
        self.ledger.fields("CFItem", item, KNOWN["CFItem"])
        notes = text(item.get("notes")).splitlines()
        level = item.get("educationLevel") or item.get("educationalLevel")
        return Competency(
            key=self.keys[identifier],
            statement=text(item.get("fullStatement") or item.get("abbreviatedStatement")) or self.keys[identifier],
            parent=self.keys.get(self.parents.get(identifier, ""), ""),
            title=text(item.get("abbreviatedStatement")),
            code=text(item.get("humanCodingScheme")) or ("" if is_uuid(identifier) else self.keys[identifier]),
            level=self.levels.get(identifier)
            or (", ".join(map(str, level)) if isinstance(level, list) else text(level)),
            uri=self.uris[identifier],
            kind=text(item.get("CFItemType")),
            prerequisites=tuple(dict.fromkeys(self.prerequisites[self.keys[identifier]])),
            resources=tuple(self.resources[identifier]),
            can_do=tuple(line.removeprefix(CAN_DO) for line in notes if line.startswith(CAN_DO)),
        )


def cut_circles(following: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Remove one link of every circle from these lists: the pairs (from, to) removed."""
    removed: list[tuple[str, str]] = []
    while True:
        try:
            TopologicalSorter(following).prepare()
            return removed
        except CycleError as circle:
            after, before = circle.args[1][1], circle.args[1][0]
            following[after] = [link for link in following[after] if link != before]
            removed.append((after, before))


def _node(association: dict[str, Any], end: str) -> dict[str, Any]:
    node = association.get(end)
    return node if isinstance(node, dict) else {"uri": text(node)}


def _number(sequence: Any) -> float:
    try:
        return float(sequence)
    except (TypeError, ValueError):
        return 0.0
