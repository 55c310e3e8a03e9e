"""Which HTML the schema of QTI 2.2 knows, and what stands for the rest."""

from collections.abc import Callable, Iterator

from lxml import etree

from itembank.exchange.qti.body import add_text

NOT_IN_22 = {"s": "span", "u": "span", "ins": "span", "del": "span", "main": "div", "details": "div", "summary": "p"}
NOT_IN_22 |= {"picture": "span", "wbr": "span", "time": "span"}
ATTRIBUTES_22 = frozenset(
    {"class", "src", "alt", "width", "height", "href", "colspan", "rowspan", "scope", "abbr", "span"}
    | {"controls", "loop", "preload", "poster", "type", "kind", "srclang", "label", "default", "dir", "role", "cite"}
    | {"aria-label", "aria-level"}
)


_INLINE = (
    "a abbr acronym b bdi bdo big br cite code dfn em i img kbd label math object q ruby samp small span strong sub"
)
INLINE_22 = frozenset(_INLINE.split()) | {"sup", "tt", "var"}
PARAGRAPHS = frozenset({"p", "div"})
WHOLE = frozenset({"math", "object", "ruby"})
"""What has an inside of its own kind, which is left as it is."""
BREAK = None


def tag_in_22(source: etree._Element, tag: str) -> str:
    """The nearest element that 2.2 has; a picture without file and a link without address become spans."""
    if (tag == "img" and not source.get("src")) or (tag == "a" and not source.get("href")):
        return "span"
    return NOT_IN_22.get(tag, tag)


def in_22(element: etree._Element, name: str) -> bool:
    """Whether 2.2 has the attribute; a type stands on sources alone, not on lists."""
    return name in ATTRIBUTES_22 and (name != "type" or etree.QName(element).localname == "source")


def only_paragraphs(element: etree._Element) -> bool:
    """Whether an element holds nothing but words, pictures, formulas and paragraphs of them."""
    return all(etree.QName(part).localname in INLINE_22 | PARAGRAPHS or _in_whole(part) for part in _inside(element))


def make_inline(element: etree._Element, line_break: Callable[[], etree._Element]) -> None:
    """Leave only what 2.2 allows in prompts and short choices: blocks give way to their content and line breaks."""
    runs = list(_flat(element, line_break))
    for part in list(element):
        element.remove(part)
    element.text = None
    owed = False
    for run in runs:
        if run is BREAK or (isinstance(run, str) and not run.strip() and (owed or not _begun(element))):
            owed = owed or (run is BREAK and _begun(element))
            continue
        if owed:
            element.append(line_break())
            owed = False
        if isinstance(run, str):
            add_text(element, run)
        else:
            element.append(run)


def _begun(element: etree._Element) -> bool:
    return len(element) > 0 or bool((element.text or "").strip())


def _flat(element: etree._Element, line_break: Callable[[], etree._Element]) -> Iterator[etree._Element | str | None]:
    if element.text:
        yield element.text
    for part in list(element):
        tail, part.tail = part.tail, None
        name = etree.QName(part).localname
        if name in INLINE_22:
            if name not in WHOLE:
                make_inline(part, line_break)
            yield part
        else:
            yield BREAK
            yield from _flat(part, line_break)
            yield BREAK
        if tail:
            yield tail


def _inside(element: etree._Element) -> Iterator[etree._Element]:
    return (part for part in element.iterdescendants() if isinstance(part.tag, str))


def _in_whole(part: etree._Element) -> bool:
    return any(etree.QName(above).localname in WHOLE for above in part.iterancestors())
