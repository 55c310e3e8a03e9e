"""Names and small builders for writing QTI 2.2 and 3.0 from the internal vocabulary."""

import re
from collections.abc import Mapping
from typing import Literal

from lxml import etree

from itembank.exchange.html import sanitise
from itembank.exchange.qti.names import MATHML, XML

Version = Literal["2.2", "3.0"]
ITEM_NAMESPACE: dict[Version, str] = {
    "2.2": "http://www.imsglobal.org/xsd/imsqti_v2p2",
    "3.0": "http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
}
HTML5 = "http://www.imsglobal.org/xsd/imsqtiv2p2_html5_v1p0"
CAPITALS = {"duration_lt": "durationLT", "duration_gte": "durationGTE"}
VOID = "area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr"


class Writer:
    """Makes elements of one version: Writer("2.2").element("item_body") is an itemBody."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.namespace = ITEM_NAMESPACE[version]
        self.prefixes = {None: self.namespace, "m": MATHML}
        if version == "2.2":
            self.prefixes["h5"] = HTML5

    def root(self, name: str, values: Mapping[str, object]) -> etree._Element:
        root = etree.Element(f"{{{self.namespace}}}{self.name(name)}", nsmap=self.prefixes)  # type: ignore[arg-type]
        self.set(root, values)
        return root

    def element(self, name: str, values: Mapping[str, object] | None = None, text: str | None = None) -> etree._Element:
        made = etree.Element(f"{{{self.namespace}}}{self.name(name)}")
        self.set(made, values or {})
        made.text = text
        return made

    def add(
        self, parent: etree._Element, name: str, values: Mapping[str, object] | None = None, text: str | None = None
    ) -> etree._Element:
        made = self.element(name, values, text)
        parent.append(made)
        return made

    def name(self, name: str) -> str:
        if self.version == "3.0":
            return "qti-" + name.replace("_", "-")
        return CAPITALS.get(name) or camel(name)

    def set(self, element: etree._Element, values: Mapping[str, object]) -> None:
        """Set the attributes that are not None; data- and aria- names stay as they are."""
        for name, value in values.items():
            if value is None:
                continue
            if name == "lang":
                element.set(f"{{{XML}}}lang", str(value))
            elif name.startswith(("data-", "aria-")):
                element.set(name, printable(str(value)))
            else:
                element.set(name.replace("_", "-") if self.version == "3.0" else camel(name), printable(written(value)))

    def html(self, name: str) -> etree._Element:
        """An HTML element: in the QTI namespace, or in 2.2's extra one for what came with HTML 5."""
        space = HTML5 if self.version == "2.2" and name in FROM_HTML5 else self.namespace
        return etree.Element(f"{{{space}}}{name}")


FROM_HTML5 = frozenset(
    {"article", "aside", "audio", "bdi", "figcaption", "figure", "footer", "header", "nav", "rb", "rp", "rt", "rtc"}
    | {"ruby", "section", "source", "track", "video"}
)


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def printable(text: str) -> str:
    """Text without the control characters that XML cannot hold."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


def as_tree(markup: str) -> etree._Element:
    """Sanitised markup as a tree without namespaces, in a wrapping element."""
    text = printable(sanitise(markup)).replace("&nbsp;", "\u00a0")
    text = re.sub(r'="([^"]*)"', lambda match: '="' + match.group(1).replace("<", "&lt;") + '"', text)
    text = re.sub(rf'<({VOID})((?:\s+[^\s=>"]+(?:="[^"]*")?)*)\s*>', r"<\1\2/>", text)
    text = re.sub(r'(<math(?:\s+[^\s=>"]+="[^"]*")*?)\s+xmlns="[^"]*"', r"\1", text)
    return etree.fromstring(f"<wrapped>{text}</wrapped>".encode())
