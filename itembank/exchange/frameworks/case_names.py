"""What the items of a CASE package are called: a URI and a key of its own for each, whatever the package says."""

from collections import Counter
from typing import Any

from itembank.exchange.frameworks.carried import address_of
from itembank.exchange.frameworks.identifiers import identifier_of, is_uuid, uri_of, urn_of
from itembank.exchange.frameworks.report import Ledger, text


class Names:
    """The items of one package by identifier, with their URIs and keys, and the identifiers that URIs do not give."""

    def __init__(self, document: dict[str, Any], items: list[dict[str, Any]], ledger: Ledger) -> None:
        self.items = {identifier_in(item): item for item in items if identifier_in(item)}
        if len(self.items) < len(items):
            ledger.notes.append(f"{len(items) - len(self.items)} items without an identifier of their own.")
        self.ledger = ledger
        self.uri, self.document = address_of(document), identifier_in(document)
        self.identifiers: dict[str, str] = {}
        self.give(self.document, self.uri)
        self.whole = self.identifiers.get(self.uri) or identifier_of(self.uri)
        self.taken = {self.whole, *filter(is_uuid, self.items)}
        self.named: dict[str, str] = {}
        for identifier, item in self.items.items():
            self.named[self._uri(identifier, text(item.get("uri")))] = identifier
        self.uris = {identifier: uri for uri, identifier in self.named.items()}
        self.keys = self._keys()

    def _uri(self, identifier: str, said: str) -> str:
        """The stated URI where it is one and names nothing else, else one made of the identifier."""
        uri, own = uri_of(said), is_uuid(identifier) and identifier != self.whole
        if not uri or uri == self.uri or uri in self.named or not (own or identifier_of(uri) not in self.taken):
            self.ledger.left_out["CFItem.uri that is no URI or names something else too"] += said != ""
            uri = urn_of(identifier if own else f"{self.uri}#{identifier}#item")
        self.ledger.left_out["CFItem.identifier that is no UUID or names the document"] += not own
        if own:
            self.give(identifier, uri)
        self.taken.add(identifier if own else identifier_of(uri))
        return uri

    def give(self, identifier: str, uri: str) -> None:
        """Keep the identifier of whatever has this URI, where the URI does not give it."""
        if is_uuid(identifier) and identifier_of(uri) != identifier:
            self.identifiers[uri] = identifier

    def _keys(self) -> dict[str, str]:
        """The author's code where it is given and unique, else the identifier."""
        codes = {identifier: text(item.get("humanCodingScheme")) for identifier, item in self.items.items()}
        times = Counter(codes.values())
        return {
            identifier: code if code and times[code] == 1 and code not in self.items else identifier
            for identifier, code in codes.items()
        }

    def item(self, node: dict[str, Any]) -> str:
        """The item that a node names, by its identifier or by its URI; "" for others."""
        identifier = identifier_in(node)
        return identifier if identifier in self.items else self.named.get(uri_of(text(node.get("uri"))), "")

    def is_document(self, node: dict[str, Any]) -> bool:
        """Whether a node names the document."""
        return identifier_in(node) == self.document or uri_of(text(node.get("uri"))) == self.uri


def identifier_in(node: dict[str, Any]) -> str:
    """The identifier of a record or node, else its URI."""
    return text(node.get("identifier")).lower() or text(node.get("uri"))
