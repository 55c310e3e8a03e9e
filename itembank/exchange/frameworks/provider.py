"""What a CASE 1.1 provider answers: documents, packages, items and associations of published frameworks, one by one.

Inside a package a record stands alone; outside it says where it belongs (CFPackageURI, CFDocumentURI).
"""

from collections.abc import Sequence
from typing import Any

from itembank.errors import BankError

Record = dict[str, Any]
SETS = ("CFConcepts", "CFSubjects", "CFItemTypes")
"""Definitions that form hierarchies: CASE answers with a list, the one asked for first."""
DEFINED = (*SETS, "CFLicenses", "CFAssociationGroupings", "CFRubrics")
DOCUMENT_FIELDS = (
    "identifier", "uri", "creator", "title", "lastChangeDateTime", "caseVersion", "description", "language", "version",
    "licenseURI", "CFPackageURI",
)  # fmt: skip


class SelectionInvalid(BankError):
    """A sort, order, filter or field that cannot be followed; `field` is the parameter, `minor` CASE's word for it."""

    def __init__(self, sentence: str, field: str, minor: str) -> None:
        super().__init__(sentence)
        self.field, self.minor = field, minor


class Provider:
    """Strict packages looked up by identifier; where two hold one identifier, the first one answers.

    Args:
        packages: strict CASE 1.1 packages, as `case_out.case_package` makes them.
        base_uri: the address under which the endpoints stand.
    """

    def __init__(self, packages: Sequence[Record], base_uri: str) -> None:
        self._base = base_uri.rstrip("/")
        self._packages: dict[str, Record] = {}
        self._items: dict[str, tuple[Record, Record]] = {}
        self._associations: dict[str, tuple[Record, Record]] = {}
        self._definitions: dict[tuple[str, str], Record] = {}
        for package in packages:
            if self._packages.setdefault(package["CFDocument"]["identifier"], package) is package:
                for item in package["CFItems"]:
                    self._items.setdefault(item["identifier"], (item, package))
                for association in package["CFAssociations"]:
                    self._associations.setdefault(association["identifier"], (association, package))
                defined = package.get("CFDefinitions", {}) | {"CFRubrics": package.get("CFRubrics", [])}
                for kind, records in defined.items():
                    for record in records:
                        self._definitions.setdefault((kind, record["identifier"]), record)

    def documents(
        self, *, limit: int, offset: int, sort: str = "", order_by: str = "asc", filter: str = "", fields: str = ""
    ) -> tuple[list[Record], int]:
        """Some of the documents and how many there are.

        Raises:
            SelectionInvalid: for a field no document has, or a filter.
        """
        if filter:
            raise SelectionInvalid("Documents are not filtered here; read them all.", "filter", "invalid_filter_field")
        chosen = _known([name for name in fields.split(",") if name], "fields", "invalid_selection_field")
        _known([sort] if sort else [], "sort", "invalid_sort_field")
        if order_by not in ("asc", "desc"):
            raise SelectionInvalid("orderBy must be asc or desc.", "orderBy", "invalid_sort_field")
        found = [self._document(package) for package in self._packages.values()]
        if sort:
            found.sort(key=lambda document: str(document.get(sort, "")), reverse=order_by == "desc")
        page = found[offset : offset + limit]
        if chosen:
            page = [{name: value for name, value in document.items() if name in chosen} for document in page]
        return page, len(found)

    def document(self, identifier: str) -> Record | None:
        """A CFDocument."""
        package = self._packages.get(identifier.lower())
        return None if package is None else self._document(package)

    def package(self, identifier: str) -> Record | None:
        """A whole CFPackage by the identifier of its document."""
        return self._packages.get(identifier.lower())

    def item(self, identifier: str) -> Record | None:
        """A CFItem."""
        found = self._items.get(identifier.lower())
        return None if found is None else found[0] | {"CFDocumentURI": self._link(found[1])}

    def association(self, identifier: str) -> Record | None:
        """A CFAssociation."""
        found = self._associations.get(identifier.lower())
        return None if found is None else found[0] | {"CFDocumentURI": self._link(found[1])}

    def item_associations(self, identifier: str) -> Record | None:
        """A CFItem with every association that begins or ends at it."""
        item = self.item(identifier)
        if item is None:
            return None
        package = self._items[identifier.lower()][1]
        edges = [
            edge | {"CFDocumentURI": self._link(package)}
            for edge in package["CFAssociations"]
            if item["identifier"] in (edge["originNodeURI"]["identifier"], edge["destinationNodeURI"]["identifier"])
        ]
        return {"CFItem": item, "CFAssociations": edges}

    def definition(self, kind: str, identifier: str) -> Record | None:
        """A concept, subject, licence, item type, grouping or rubric; the kinds of SETS as a set of one."""
        found = self._definitions.get((kind, identifier.lower()))
        return {kind: [found]} if found is not None and kind in SETS else found

    def _document(self, package: Record) -> Record:
        document: Record = package["CFDocument"]
        identifier = document["identifier"]
        uri = f"{self._base}/CFPackages/{identifier}"
        return document | {"CFPackageURI": {"title": document["title"], "identifier": identifier, "uri": uri}}

    def _link(self, package: Record) -> Record:
        document = package["CFDocument"]
        return {name: document[name] for name in ("title", "identifier", "uri")}


def _known(names: Sequence[str], field: str, minor: str) -> frozenset[str]:
    unknown = next((name for name in names if name not in DOCUMENT_FIELDS), None)
    if unknown is not None:
        raise SelectionInvalid(
            f"No document has a field '{unknown[:60]}'; {field} may name {', '.join(DOCUMENT_FIELDS)}.", field, minor
        )
    return frozenset(names)
