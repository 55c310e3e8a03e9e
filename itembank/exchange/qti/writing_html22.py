"""Which HTML the schema of QTI 2.2 knows, and what stands for the rest."""

from lxml import etree

NOT_IN_22 = {"s": "span", "u": "span", "ins": "span", "del": "span", "main": "div", "details": "div", "summary": "p"}
NOT_IN_22 |= {"picture": "span", "wbr": "span", "time": "span"}
ATTRIBUTES_22 = frozenset(
    {"class", "src", "alt", "width", "height", "href", "colspan", "rowspan", "scope", "abbr", "span"}
    | {"controls", "loop", "preload", "poster", "type", "kind", "srclang", "label", "default", "dir", "role", "cite"}
    | {"aria-label", "aria-level"}
)


def tag_in_22(source: etree._Element, tag: str) -> str:
    """The nearest element that 2.2 has; a picture without file and a link without address become spans."""
    if (tag == "img" and not source.get("src")) or (tag == "a" and not source.get("href")):
        return "span"
    return NOT_IN_22.get(tag, tag)


def in_22(element: etree._Element, name: str) -> bool:
    """Whether 2.2 has the attribute; a type stands on sources alone, not on lists."""
    return name in ATTRIBUTES_22 and (name != "type" or etree.QName(element).localname == "source")
