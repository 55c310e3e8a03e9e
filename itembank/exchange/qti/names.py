"""One vocabulary for all versions: `responseDeclaration` and `qti-response-declaration` are `response_declaration`.

The way from QTI 2.x to 3.0 is mechanical (prefix and kebab case), so everything behind this module reads snake case.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from itembank.errors import FileRefused

XML = "http://www.w3.org/XML/1998/namespace"
MATHML = "http://www.w3.org/1998/Math/MathML"
SVG = "http://www.w3.org/2000/svg"
DEEPEST = 120

NAMESPACES = {
    "http://www.imsglobal.org/xsd/imsqti_v2p0": "2.1",
    "http://www.imsglobal.org/xsd/imsqti_v2p1": "2.1",
    "http://www.imsglobal.org/xsd/imsqti_v2p2": "2.2",
    "http://www.imsglobal.org/xsd/imsqtiasi_v3p0": "3.0",
}


def parse(data: bytes, place: str) -> etree._Element:
    """The root of an XML file, read without entities, network or DTD.

    Raises:
        FileRefused: when it is not well-formed, too deep, rests on a DTD or declares entities of its own.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as failure:
        raise FileRefused(f"{place} is not well-formed XML ({_said(failure)}); correct or re-export it.") from None
    _refuse_entities(root, place)
    _refuse_depth(root, place)
    return root


def _said(failure: Exception) -> str:
    """What the parser says, on one line and with the place named once."""
    return re.sub(r" \(<string>, line \d+\)$", "", " ".join(str(failure).split()))[:160]


def _refuse_entities(root: etree._Element, place: str) -> None:
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and list(declared.iterentities()):  # type: ignore[attr-defined]
        raise FileRefused(f"{place} declares XML entities, which could read or fill anything; remove its DOCTYPE.")
    if root.getroottree().docinfo.system_url:  # type: ignore[attr-defined]
        raise FileRefused(f"{place} rests on a DTD outside itself, which is never loaded; remove its DOCTYPE.")
    if next(root.iter(etree.Entity), None) is not None:
        raise FileRefused(f"{place} uses XML entities that it does not define; write the characters themselves.")


def _refuse_depth(root: etree._Element, place: str) -> None:
    level = [root]
    for _ in range(DEEPEST):
        level = [child for element in level for child in element]
        if not level:
            return
    raise FileRefused(f"{place} nests elements more than {DEEPEST} levels deep; simplify it.")


def local_name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def namespace(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[0].lstrip("{")


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """`qti-simple-choice`, `simpleChoice` -> `simple_choice`; `durationLT` -> `duration_lt`."""
    bare = name.removeprefix("qti-").replace("-", "_")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", bare).lower()


def name_of(element: etree._Element) -> str:
    """The internal name of a QTI element."""
    return _name_of_tag(str(element.tag))


@lru_cache(maxsize=4096)
def _name_of_tag(tag: str) -> str:
    return snake(tag.rpartition("}")[2])


def attributes(element: etree._Element) -> dict[str, str]:
    """The attributes without namespace under their internal names; data- and aria- ones keep theirs."""
    found: dict[str, str] = {}
    for key, value in element.attrib.items():
        name = str(key)
        if not name.startswith("{"):
            found[name if name.startswith(("data-", "aria-")) else snake(name)] = str(value)
    return found


def language(element: etree._Element) -> str:
    return str(element.get(f"{{{XML}}}lang") or element.get("lang") or "")


def version(root: etree._Element) -> str:
    """The version by namespace, else by the form of the names."""
    known = NAMESPACES.get(namespace(root))
    return known or ("3.0" if local_name(root).startswith("qti-") else "2.2")


def children(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """The child elements of these internal names (all, when none is given)."""
    for child in element:
        if isinstance(child.tag, str) and (not names or name_of(child) in names):
            yield child


def child(element: etree._Element, *names: str) -> etree._Element | None:
    return next(children(element, *names), None)


def text_of(element: etree._Element | None) -> str:
    """All text inside, white space made single."""
    return "" if element is None else " ".join("".join(str(part) for part in element.itertext()).split())


def flag(values: dict[str, str], name: str, otherwise: bool = False) -> bool:
    return values.get(name, "true" if otherwise else "false").strip().lower() in ("true", "1")


def whole(values: dict[str, str], name: str, otherwise: int) -> int:
    """A whole-number attribute; what cannot be read is taken as not given."""
    try:
        return int(float(values.get(name, "").strip().rstrip("%px")))
    except (ValueError, OverflowError):
        return otherwise


def real(values: dict[str, str], name: str) -> float | None:
    text = values.get(name, "").strip()
    try:
        return float(text) if text and abs(float(text)) < 1e300 else None
    except ValueError:
        return None
