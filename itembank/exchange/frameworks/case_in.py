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
from itembank.exchange.frameworks.carried import DOCUMENT_FIELDS, ITEM_FIELDS, carried_parts, filled
from itembank.exchange.frameworks.identifiers import identifier_of
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
        self.items = {_identifier(item): item for item in items if _identifier(item)}
        if len(self.items) < len(items):
            self.ledger.notes.append(f"{len(items) - len(self.items)} items without an identifier of their own.")
        self.keys = self._keys()
        self.parents: dict[str, str] = {}
        self.order: dict[str, float] = {}
        self.prerequisites: dict[str, list[str]] = defaultdict(list)
        self.resources: dict[str, list[Resource]] = defaultdict(list)
        self.levels: dict[str, str] = {}
        self.crosswalks: list[Crosswalk] = []
        for association in associations:
            self._associate(association)

    def _keys(self) -> dict[str, str]:
        """The author's code where it is given and unique, else the identifier."""
        codes: dict[str, int] = defaultdict(int)
        for item in self.items.values():
            codes[text(item.get("humanCodingScheme"))] += 1
        return {
            identifier: code if (code := text(item.get("humanCodingScheme"))) and codes[code] == 1 else identifier
            for identifier, item in self.items.items()
        }

    def _associate(self, association: dict[str, Any]) -> None:
        self.ledger.fields("CFAssociation", association, KNOWN["CFAssociation"])
        kind = text(association.get("associationType"))
        origin = _node(association, "originNodeURI")
        destination = _node(association, "destinationNodeURI")
        if _identifier(origin) not in self.items:
            self.ledger.left_out[f"{kind} from a node outside the package"] += 1
        elif kind == "isChildOf":
            self._parent(_identifier(origin), _identifier(destination), association.get("sequenceNumber"))
        elif kind == "precedes" and _identifier(destination) in self.items:
            self.prerequisites[self.keys[_identifier(destination)]].append(self.keys[_identifier(origin)])
        elif kind == "exemplar":
            title, url = text(destination.get("title")), text(destination.get("uri"))
            self.resources[_identifier(origin)].append(Resource(title=title or url, url=url))
        elif kind == "hasSkillLevel":
            self._level(_identifier(origin), self._title(destination))
        elif kind in CROSSWALKS or kind == "precedes":
            self._crosswalk(_identifier(origin), destination, CROSSWALKS.get(kind, "related"), kind)
        else:
            self.ledger.left_out[f"association {kind or 'without type'}"] += 1

    def _level(self, origin: str, level: str) -> None:
        stated = self.levels.setdefault(origin, level)
        if stated != level:
            self.ledger.notes.append(f"'{self.keys[origin]}' has a second level '{level}', left out beside '{stated}'.")

    def _parent(self, child: str, parent: str, sequence: Any) -> None:
        if parent not in self.items:
            if parent != _identifier(self.document):
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

    def _crosswalk(self, origin: str, destination: dict[str, Any], kind: Any, said: str) -> None:
        target = self.keys.get(_identifier(destination)) or text(destination.get("uri")) or _identifier(destination)
        if said in ("isTranslationOf", "precedes"):
            self.ledger.notes.append(f"'{self.keys[origin]}' {said} '{target}', kept as a crosswalk (related).")
        self.crosswalks.append(Crosswalk(origin=self.keys[origin], destination=target, kind=kind))

    def _title(self, node: dict[str, Any]) -> str:
        item = self.items.get(_identifier(node), {})
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
                uri=text(self.document.get("uri")),
                creator=text(self.document.get("creator")),
                description=text(self.document.get("description")),
                language=text(self.document.get("language")) or "en",
                licence=text(licence.get("uri") if isinstance(licence, dict) else licence),
                version=text(self.document.get("version")),
                crosswalks=tuple(self.crosswalks),
                carried=self._carried() | carried,
            )
        )

    def _carried(self) -> dict[str, Any]:
        """Fields of the document and of items that a framework has no place of its own for."""
        document = filled(self.document, DOCUMENT_FIELDS)
        items = {self.keys[identifier]: self._further(identifier) for identifier in self.items}
        said = {key: fields for key, fields in items.items() if fields}
        return ({"CFDocument": document} if document else {}) | ({"CFItems": said} if said else {})

    def _further(self, identifier: str) -> dict[str, Any]:
        item = self.items[identifier]
        notes = [line for line in text(item.get("notes")).splitlines() if not line.startswith(CAN_DO)]
        level = item.get("educationLevel")
        several = isinstance(level, list) and len(level) > 1 and identifier not in self.levels
        further = filled(item, ITEM_FIELDS) | ({"notes": "\n".join(notes)} if any(notes) else {})
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
        self.ledger.left_out["CFItem.identifier that its URI does not give"] += (
            identifier_of(text(item.get("uri"))) != identifier
        )
        notes = text(item.get("notes")).splitlines()
        level = item.get("educationLevel") or item.get("educationalLevel")
        return Competency(
            key=self.keys[identifier],
            statement=text(item.get("fullStatement") or item.get("abbreviatedStatement")) or self.keys[identifier],
            parent=self.keys.get(self.parents.get(identifier, ""), ""),
            title=text(item.get("abbreviatedStatement")),
            code=text(item.get("humanCodingScheme")),
            level=self.levels.get(identifier)
            or (", ".join(map(str, level)) if isinstance(level, list) else text(level)),
            uri=text(item.get("uri")),
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


def _identifier(node: dict[str, Any]) -> str:
    return text(node.get("identifier")).lower() or text(node.get("uri"))


def _node(association: dict[str, Any], end: str) -> dict[str, Any]:
    node = association.get(end)
    return node if isinstance(node, dict) else {"uri": text(node)}


def _number(sequence: Any) -> float:
    try:
        return float(sequence)
    except (TypeError, ValueError):
        return 0.0
