"""CTDL-ASN JSON-LD in: frameworks as the Credential Registry and O*NET publish them."""

from collections import Counter, defaultdict
from typing import Any

from itembank.competencies import Competency, Crosswalk, Framework, check_framework
from itembank.exchange.delimited import Source, source_name
from itembank.exchange.findings import Findings
from itembank.exchange.frameworks.report import FrameworkReport, Ledger, objects, read_json_object, text
from itembank.exchange.item_forms import key_of
from itembank.records import settled

FRAMEWORK, COMPETENCY = "ceasn:CompetencyFramework", "ceasn:Competency"
ALIGNMENTS: dict[str, Any] = {
    "ceasn:exactAlignment": "exact",
    "ceasn:broadAlignment": "broader",
    "ceasn:narrowAlignment": "narrower",
    "ceasn:majorAlignment": "related",
    "ceasn:minorAlignment": "related",
}
KNOWN_FRAMEWORK = (
    "@id", "@type", "ceterms:ctid", "ceasn:name", "ceasn:description", "ceasn:inLanguage", "ceasn:license",
    "ceasn:publisherName", "ceasn:hasTopChild",
)  # fmt: skip
KNOWN_COMPETENCY = (
    "@id", "@type", "ceterms:ctid", "ceasn:competencyText", "ceasn:competencyLabel", "ceasn:codedNotation",
    "ceasn:isChildOf", "ceasn:hasChild", "ceasn:isPartOf", "ceasn:isTopChildOf", "ceasn:competencyCategory",
    "ceasn:educationLevelType", "ceasn:prerequisiteAlignment", *ALIGNMENTS,
)  # fmt: skip


def read_ctdl(source: Source, *, key: str = "", name: str = "") -> tuple[Framework, FrameworkReport]:
    """A framework from a CTDL-ASN graph.

    Raises:
        FileRefused: when it holds no framework or no competency.
        FrameworkInvalid: when parents or prerequisites run in a circle.
    """
    findings = Findings(source_name(source, name), skip_bad=True)
    graph = objects(read_json_object(source, findings).get("@graph"))
    about = next((node for node in graph if node.get("@type") == FRAMEWORK), None)
    nodes = {text(node.get("@id")): node for node in graph if node.get("@type") == COMPETENCY}
    if about is None or not nodes:
        raise findings.refuse(f"is no CTDL-ASN graph; it holds a {FRAMEWORK} and nodes of type {COMPETENCY}.")
    reading = _Reading(about, nodes)
    others = len(graph) - 1 - len(nodes)
    if others:
        reading.ledger.left_out["nodes of other types"] = others
    framework = reading.framework(key)
    check_framework(framework)
    return framework, reading.ledger.report(findings.file, len(framework.competencies), len(framework.crosswalks))


class _Reading:
    """One graph on its way to a framework."""

    def __init__(self, about: dict[str, Any], nodes: dict[str, dict[str, Any]]) -> None:
        self.about, self.nodes, self.ledger = about, nodes, Ledger()
        codes = [text(node.get("ceasn:codedNotation")) for node in nodes.values()]
        times = Counter(codes)
        self.keys = {
            uri: code if code and times[code] == 1 else uri.rsplit("/", 1)[-1] for uri, code in zip(nodes, codes)
        }
        self.parents = self._parents()
        self.below: dict[str, list[str]] = defaultdict(list)
        for child, parent in self.parents.items():
            self.below[parent].append(child)
        self.crosswalks: list[Crosswalk] = []

    def _parents(self) -> dict[str, str]:
        """From both ends: a child names its parent, a parent its children; the first is kept."""
        parents: dict[str, str] = {}
        pairs = [(uri, parent) for uri, node in self.nodes.items() for parent in _links(node, "ceasn:isChildOf")]
        pairs += [(child, uri) for uri, node in self.nodes.items() for child in _links(node, "ceasn:hasChild")]
        for child, parent in pairs:
            if child in self.nodes and parent in self.nodes and parents.setdefault(child, parent) != parent:
                self.ledger.notes.append(f"'{self.keys[child]}' has a second parent '{self.keys[parent]}', left out.")
        return parents

    def framework(self, key: str) -> Framework:
        self.ledger.fields("framework", self.about, KNOWN_FRAMEWORK)
        title = text(self.about.get("ceasn:name")) or "Untitled framework"
        competencies = tuple(self._competency(uri, node) for uri, node in self._in_order())
        return settled(
            Framework(
                key=key or key_of(title, set(), "framework"),
                title=title,
                competencies=competencies,
                uri=text(self.about.get("@id")),
                creator=text(self.about.get("ceasn:publisherName")),
                description=text(self.about.get("ceasn:description")),
                language=text(self.about.get("ceasn:inLanguage")) or "en",
                licence=text(self.about.get("ceasn:license")),
                crosswalks=tuple(self.crosswalks),
            )
        )

    def _in_order(self) -> list[tuple[str, dict[str, Any]]]:
        """Top children in the order of the framework, each followed by its own children."""
        ordered: dict[str, None] = {}
        waiting = [*_links(self.about, "ceasn:hasTopChild"), *(uri for uri in self.nodes if uri not in self.parents)][
            ::-1
        ]
        while waiting:
            uri = waiting.pop()
            if uri in self.nodes and uri not in ordered:
                ordered[uri] = None
                waiting += self._below(uri)[::-1]
        ordered |= dict.fromkeys(uri for uri in self.nodes if uri not in ordered)
        return [(uri, self.nodes[uri]) for uri in ordered]

    def _below(self, uri: str) -> list[str]:
        """The children of a competency, in its own order where it names them."""
        place = {child: position for position, child in enumerate(_links(self.nodes[uri], "ceasn:hasChild"))}
        return sorted(self.below[uri], key=lambda child: place.get(child, len(place)))

    def _competency(self, uri: str, node: dict[str, Any]) -> Competency:
        self.ledger.fields("competency", node, KNOWN_COMPETENCY)
        for field, kind in ALIGNMENTS.items():
            for other in _links(node, field):
                target = self.keys.get(other, other)
                self.crosswalks.append(Crosswalk(origin=self.keys[uri], destination=target, kind=kind))
        before = _links(node, "ceasn:prerequisiteAlignment")
        self.ledger.left_out["prerequisite outside the framework"] += sum(other not in self.keys for other in before)
        return Competency(
            key=self.keys[uri],
            statement=text(node.get("ceasn:competencyText")),
            parent=self.keys.get(self.parents.get(uri, ""), ""),
            title=text(node.get("ceasn:competencyLabel")),
            code=text(node.get("ceasn:codedNotation")),
            level=text(node.get("ceasn:educationLevelType")),
            uri=uri,
            kind=text(node.get("ceasn:competencyCategory")),
            prerequisites=tuple(self.keys[other] for other in before if other in self.keys),
        )


def _links(node: dict[str, Any], field: str) -> list[str]:
    """URIs under a field: one or several, as text or as {"@id": …}."""
    value = node.get(field)
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [text(entry.get("@id")) if isinstance(entry, dict) else text(entry) for entry in values]
