"""CASE 1.1 packages out: strict, the same bytes for the same framework, identifiers that never change.

An identifier is the UUID at the end of a URI where there is one, else version 5 of the URI (RFC 9562), so that
exporting twice, or importing and exporting, names everything alike.
"""

import re
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from itembank.competencies import Competency, Crosswalk, Framework, check_framework
from itembank.errors import BankError
from itembank.exchange.frameworks.carried import GivenBack
from itembank.exchange.frameworks.case_in import CAN_DO
from itembank.exchange.frameworks.case_schema import case_errors
from itembank.exchange.frameworks.identifiers import uri_of, urn_of
from itembank.exchange.frameworks.report import FrameworkReport, Ledger

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
ASSOCIATIONS = {
    "exact": "exactMatchOf",
    "peer": "isPeerOf",
    "part_of": "isPartOf",
    "related": "isRelatedTo",
    "replaced_by": "replacedBy",
    "broader": "isRelatedTo",
    "narrower": "isRelatedTo",
}


def case_package(framework: Framework, *, base_uri: str, changed: datetime) -> tuple[dict[str, Any], FrameworkReport]:
    """The package as an object and what CASE has no place for.

    Args:
        base_uri: what URIs begin with where the framework gives none.
        changed: when the framework was last changed; it needs a time zone.

    Raises:
        BankError: when the framework contradicts itself, or the package would not be strict CASE 1.1.
    """
    check_framework(framework)
    if changed.tzinfo is None:
        raise BankError("The time of the last change needs a time zone; CASE times are absolute.")
    writing = _Writing(framework, base_uri, changed.astimezone(UTC).isoformat().replace("+00:00", "Z"))
    package = writing.package()
    errors = case_errors(package)
    if errors:
        raise BankError(f"The package would stray from CASE 1.1 in {len(errors)} places, first {errors[0]}.")
    return package, writing.ledger.report("CASE package", len(framework.competencies), len(framework.crosswalks))


def write_case(framework: Framework, *, base_uri: str, changed: datetime) -> tuple[bytes, FrameworkReport]:
    """The package of `case_package` as JSON."""
    package, report = case_package(framework, base_uri=base_uri, changed=changed)
    return msgspec.json.format(msgspec.json.encode(package), indent=1), report


class _Writing:
    """One framework on its way to a package."""

    def __init__(self, framework: Framework, base_uri: str, changed: str) -> None:
        self.framework, self.changed = framework, changed
        self.ledger = Ledger()
        self.base = base_uri.rstrip("/")
        self.uri = uri_of(framework.uri) or f"{self.base}/{quote(framework.key, safe='')}"
        self.uris: dict[str, str] = {}
        self.beside = GivenBack(framework, changed, self.ledger)
        self.used = {self.beside.identifier(self.uri)}
        for competency in framework.competencies:
            self.uris[competency.key] = self._uri(competency)
        self.keys = {uri: key for key, uri in self.uris.items()}
        self.titles = {c.key: c.title or c.statement[:100] or c.key for c in framework.competencies}

    def _uri(self, competency: Competency) -> str:
        """The competency's own URI where it is absolute and names nothing else, else one made from the keys."""
        given = uri_of(competency.uri)
        fits = given != "" and self.beside.identifier(given) not in self.used
        if competency.uri and not fits:
            self.ledger.left_out["URI that is not absolute or names something else too"] += 1
        made = f"{self.base}/{quote(self.framework.key, safe='')}/{quote(competency.key, safe='')}"
        chosen = given if fits else made
        self.used.add(self.beside.identifier(chosen))
        return chosen

    def package(self) -> dict[str, Any]:
        if self.framework.levels:
            self.ledger.left_out["order of the levels"] += 1
        package = {
            "CFDocument": self._document(),
            "CFItems": [self._item(competency) for competency in self.framework.competencies],
            "CFAssociations": self._edges(),
        }
        self.beside.end()
        return package | _filled({"CFDefinitions": self.beside.definitions(), "CFRubrics": self.beside.rubrics()})

    def _stamp(self, uri: str) -> dict[str, Any]:
        return {"identifier": self.beside.identifier(uri), "uri": uri, "lastChangeDateTime": self.changed}

    def _document(self) -> dict[str, Any]:
        framework = self.framework
        language = framework.language if LANGUAGE.match(framework.language) else ""
        self.ledger.left_out["language that is no language tag"] += not language
        optional = {"description": framework.description, "language": language, "version": framework.version}
        document = self._stamp(self.uri) | {"creator": framework.creator or framework.title, "title": framework.title}
        if licence := uri_of(framework.licence):
            document["licenseURI"] = self._node(licence, framework.licence)
        elif framework.licence:
            self.ledger.left_out["licence that is no URI"] += 1
        return self.beside.document() | document | {"caseVersion": "1.1"} | _filled(optional)

    def _item(self, competency: Competency) -> dict[str, Any]:
        if competency.code and competency.key not in (competency.code, self._identifier(competency)):
            self.ledger.left_out["key beside a different code"] += 1
        optional = {
            "humanCodingScheme": competency.code or self._key_as_code(competency),
            "abbreviatedStatement": competency.title,
            "CFItemType": competency.kind,
            "educationLevel": [competency.level] if competency.level else [],
        }
        said = self.beside.item(competency)
        can_do = [CAN_DO + sentence for sentence in competency.can_do]
        optional["notes"] = "\n".join([*can_do, *([said["notes"]] if "notes" in said else [])])
        own = {"educationLevel"} & said.keys()
        stated = {name: value for name, value in _filled(optional).items() if name not in own}
        return said | self._stamp(self.uris[competency.key]) | {"fullStatement": competency.statement} | stated

    def _key_as_code(self, competency: Competency) -> str:
        return "" if competency.key == self._identifier(competency) else competency.key

    def _identifier(self, competency: Competency) -> str:
        return self.beside.identifier(self.uris[competency.key])

    def _edges(self) -> list[dict[str, Any]]:
        edges: list[dict[str, Any]] = []
        for place, competency in enumerate(self.framework.competencies, start=1):
            origin = self._own(competency.key)
            parent = self._own(competency.parent) if competency.parent else self._node(self.uri, self.framework.title)
            edges.append(self._edge("isChildOf", origin, parent) | {"sequenceNumber": place})
            edges += [self._edge("precedes", self._own(before), origin) for before in competency.prerequisites]
            for resource in competency.resources:
                self.ledger.left_out["minutes of a resource"] += resource.minutes is not None
                edges += self._resource(origin, resource.title, resource.url)
        edges += [self._crosswalk(crosswalk) for crosswalk in self.framework.crosswalks]
        return list({edge["identifier"]: edge for edge in edges}.values())

    def _resource(self, origin: dict[str, Any], title: str, url: str) -> list[dict[str, Any]]:
        if url and not uri_of(url):
            self.ledger.left_out["address of a resource that is no URI"] += 1
        return [self._edge("exemplar", origin, self._node(uri_of(url) or urn_of(f"{origin['uri']}#{title}"), title))]

    def _crosswalk(self, crosswalk: Crosswalk) -> dict[str, Any]:
        if crosswalk.kind in ("broader", "narrower"):
            self.ledger.notes.append(
                f"'{crosswalk.origin}' is {crosswalk.kind} than '{crosswalk.destination}', written as isRelatedTo."
            )
        kind = ASSOCIATIONS[crosswalk.kind]
        return self._edge(kind, self._end(crosswalk.origin), self._end(crosswalk.destination))

    def _end(self, key_or_uri: str) -> dict[str, Any]:
        if key_or_uri in self.uris:
            return self._own(key_or_uri)
        if key_or_uri in self.keys:
            return self._own(self.keys[key_or_uri])
        return self._node(uri_of(key_or_uri) or f"{self.base}/{quote(key_or_uri, safe='')}", key_or_uri)

    def _own(self, key: str) -> dict[str, Any]:
        return self._node(self.uris[key], self.titles[key])

    def _node(self, uri: str, title: str) -> dict[str, Any]:
        return {"title": title or uri, "identifier": self.beside.identifier(uri), "uri": uri}

    def _edge(self, kind: str, origin: dict[str, Any], destination: dict[str, Any]) -> dict[str, Any]:
        name = f"{self.uri}#{kind}:{origin['identifier']}:{destination['identifier']}"
        identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
        stamp = {"identifier": identifier, "uri": f"{self.base}/{identifier}", "lastChangeDateTime": self.changed}
        said = self.beside.edge(kind, origin["uri"], destination["uri"])
        return said | stamp | {"associationType": kind, "originNodeURI": origin, "destinationNodeURI": destination}


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
