"""Which HTML, MathML and SVG of strangers may reach a learner's browser: an allow-list, everything else is dropped.

HTML and MathML go through nh3 (ammonia). SVG never stays inline: it becomes an image file of its own, cut down to
shapes and text, because a picture shown by <img> cannot run scripts.
"""

import re
from urllib.parse import unquote, urlsplit

import nh3
from lxml import etree

_HTML = (
    "a abbr address article aside audio b bdi bdo blockquote br caption cite code col colgroup dd del dfn div dl "
    "dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd label li main nav ol p picture pre "
    "q rb rp rt rtc ruby s samp section small source span strong sub sup table tbody td tfoot th thead time tr "
    "track tt u ul var video wbr big details summary"
)
HTML_TAGS = frozenset(_HTML.split())
_MATHML = (
    "math maction maligngroup malignmark menclose merror mfenced mfrac mi mlabeledtr mlongdiv mmultiscripts mn mo "
    "mover mpadded mphantom mprescripts mroot mrow ms mscarries mscarry msgroup msline mspace msqrt msrow mstack "
    "mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none semantics annotation"
)
MATHML_TAGS = frozenset(_MATHML.split())
DROPPED_WITH_CONTENT = frozenset({"script", "style", "iframe", "noscript", "template", "textarea", "select", "title"})

EVERYWHERE = frozenset(
    {"class", "dir", "lang", "title", "role", "data-interaction", "data-gap", "data-hottext", "data-response"}
    | {"data-holds", "aria-label", "aria-hidden", "aria-level"}
)
ATTRIBUTES: dict[str, set[str]] = {
    "*": set(EVERYWHERE),
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "longdesc"},
    "audio": {"src", "controls", "loop", "preload"},
    "video": {"src", "controls", "loop", "preload", "poster", "width", "height"},
    "source": {"src", "type", "srcset", "media"},
    "track": {"src", "kind", "srclang", "label", "default"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign", "scope", "abbr"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start", "type", "reversed"},
    "li": {"value"},
    "blockquote": {"cite"},
    "time": {"datetime"},
    "math": {"display", "alttext", "xmlns"},
    "annotation": {"encoding"},
    "details": {"open"},
}
_MATHML_NAMES = (
    "accent accentunder align bevelled close columnalign columnlines columnspacing columnspan denomalign depth "
    "displaystyle fence form frame framespacing height indentalign largeop linebreak linethickness location "
    "lquote lspace mathbackground mathcolor mathsize mathvariant maxsize minsize movablelimits notation numalign "
    "open rowalign rowlines rowspacing rowspan rquote rspace scriptlevel selection separator separators side "
    "stretchy subscriptshift superscriptshift symmetric voffset width"
)
MATHML_ATTRIBUTES = frozenset(_MATHML_NAMES.split())
for _tag in MATHML_TAGS:
    ATTRIBUTES[_tag] = ATTRIBUTES.get(_tag, set()) | set(MATHML_ATTRIBUTES)

_LOCAL_SOURCES = {("img", "src"), ("audio", "src"), ("video", "src"), ("video", "poster"), ("source", "src")}
_LOCAL_SOURCES |= {("track", "src")}


def _filter(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "class":
        return " ".join(token for token in value.split() if re.fullmatch(r"qti-[a-z0-9-]+", token)) or None
    if (tag, attribute) in _LOCAL_SOURCES:
        return value if is_local(value) else None
    if attribute in ("srcset", "longdesc", "cite"):
        return None
    if attribute == "href":
        return value if re.match(r"https?://", value) else None
    return value


MOST_PASSES = 8
_REL = "noopener noreferrer nofollow"
_CLEANER = nh3.Cleaner(
    tags=set(HTML_TAGS | MATHML_TAGS),
    clean_content_tags=set(DROPPED_WITH_CONTENT),
    attributes=ATTRIBUTES,
    attribute_filter=_filter,
    strip_comments=True,
    link_rel=_REL,
    url_schemes={"http", "https"},
)


_PARAGRAPHS = re.compile(
    r"""(?:<p>[^<]*</p>|<span data-(?:interaction|gap|hottext)="[A-Za-z0-9_-]+"></span>"""
    r"""|[^<]++)*+"""  # possessive: whoever tries again tries exponentially often
)


def is_plain(markup: str) -> bool:
    """Whether this is paragraphs of plain text and marked places, one behind the other, or no markup at all: what comes
    out of the cleaner as it went in. Banks are large, and most of their texts are; so nothing here is slow."""
    if "&" in markup or "\r" in markup or "\x00" in markup or "\xa0" in markup:
        return False
    opened = markup.count("<")  # where each tag has its own ">", none is left over for the text
    return opened == markup.count(">") and (not opened or _PARAGRAPHS.fullmatch(markup) is not None)


def sanitise(markup: str) -> str:
    """The markup with everything taken out that is not on the allow-list. Applying it again changes nothing.

    Badly nested markup may need several passes until browsers read it as it is written; what never settles is text.
    """
    if is_plain(markup):
        return markup.strip()
    cleaned = _cleaned(markup.replace("\x00", ""))
    if cleaned == markup:
        return cleaned
    for _ in range(MOST_PASSES):
        again = _cleaned(cleaned)
        if again == cleaned:
            return cleaned
        cleaned = again
    return _cleaned(nh3.clean_text(cleaned))


def _cleaned(markup: str) -> str:
    return _CLEANER.clean(markup).replace(f' rel="{_REL}"', "").strip()


def is_local(reference: str) -> bool:
    """Whether a reference points into the package: no scheme, no host, no way out of the folder."""
    try:
        parts = urlsplit(reference.strip())
    except ValueError:
        return False
    path = unquote(parts.path)
    inside = not path.startswith(("/", "\\")) and ".." not in path.split("/")
    return bool(path) and not parts.scheme and not parts.netloc and inside and "\\" not in path and path.isprintable()


SVG = "http://www.w3.org/2000/svg"
_SVG_ALONE: dict[str | None, str] = {None: SVG}
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_SVG = (
    "svg g path rect circle ellipse line polyline polygon text tspan textPath defs linearGradient radialGradient "
    "stop clipPath mask marker pattern symbol use title desc switch"
)
SVG_TAGS = frozenset(_SVG.split())
_SVG_NAMES = (
    "id class d x y x1 y1 x2 y2 cx cy r rx ry fx fy dx dy width height viewBox preserveAspectRatio points "
    "transform fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin "
    "stroke-dasharray stroke-dashoffset stroke-miterlimit opacity color font-family font-size font-style "
    "font-weight text-anchor dominant-baseline alignment-baseline baseline-shift letter-spacing word-spacing "
    "text-decoration rotate textLength lengthAdjust offset stop-color stop-opacity gradientUnits "
    "gradientTransform spreadMethod clip-path clip-rule clipPathUnits mask maskUnits maskContentUnits "
    "marker-start marker-mid marker-end markerWidth markerHeight refX refY orient markerUnits patternUnits "
    "patternContentUnits patternTransform startOffset version visibility display overflow role aria-label "
    "xml:space style"
)
SVG_ATTRIBUTES = frozenset(_SVG_NAMES.split())


def clean_svg(root: "etree._Element") -> bytes:
    """An SVG picture of shapes and text alone: no script, no foreign objects, no references outside the file."""
    return etree.tostring(_svg_copy(root), encoding="utf-8")


def _svg_copy(element: "etree._Element") -> "etree._Element":
    copy = etree.Element(f"{{{SVG}}}{etree.QName(element).localname}", nsmap=_SVG_ALONE)  # type: ignore[arg-type]
    copy.text = element.text
    for name, value in element.attrib.items():
        _copy_svg_attribute(copy, str(name), str(value))
    for child in element:
        if isinstance(child.tag, str) and etree.QName(child).localname in SVG_TAGS:
            kept = _svg_copy(child)
            kept.tail = child.tail
            copy.append(kept)
    return copy


def _copy_svg_attribute(copy: "etree._Element", name: str, value: str) -> None:
    if name in (XLINK_HREF, "href"):
        if value.startswith("#"):
            copy.set("href", value)
    elif name in SVG_ATTRIBUTES and not _reaches_out(value):
        copy.set(name, value)


def _reaches_out(value: str) -> bool:
    """Whether a value could load or run something: url() of another file, a scheme, an escape or @import."""
    plain = re.sub(r"/\*.*?\*/", "", value.lower())
    if re.search(r"(javascript|data|vbscript|https?)\s*:|@import|expression|\\|image-set|src\s*\(", plain):
        return True
    return any(not match.strip("'\" ").startswith("#") for match in re.findall(r"url\(\s*([^)]*)\)", plain))
