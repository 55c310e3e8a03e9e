"""Item bodies to sanitised XHTML: interactions leave a marked span, pictures become assets, feedback is set aside."""

from collections.abc import Callable, Mapping

from lxml import etree
from lxml import html as lxml_html

from itembank.errors import FileRefused
from itembank.exchange.html import HTML_TAGS, clean_svg, sanitise
from itembank.exchange.qti.files import AssetStore, media_type, resolved
from itembank.exchange.qti.names import MATHML, SVG, attributes, language, local_name, name_of, namespace, parse
from itembank.items import Interaction, ResponseDeclaration

OWN_MARKS = ("data-interaction", "data-gap", "data-hottext", "data-response", "data-holds")
SOURCES = ("src", "poster")
LEFT_OUT = frozenset({"script", "style", "stylesheet", "catalog_info", "companion_materials_info"})
QUIETLY_LEFT_OUT = frozenset({"prompt", "stylesheet"})
SPEECH = "/10/synthesis"
"""The end of SSML's namespaces: how to speak a text, by elements whose names mean something else in HTML."""
UNLESS = "!"
OBJECT_TAGS = {"image": "img", "audio": "audio", "video": "video"}


class BodyReader:
    """Reads one item's body. What it finds is collected in its fields, in document order."""

    def __init__(
        self,
        files: Mapping[str, bytes],
        place: str,
        responses: Mapping[str, ResponseDeclaration],
        handlers: "Mapping[str, Handler]",
    ) -> None:
        self.store = AssetStore(files)
        self.place = place
        self.responses = responses
        self.handlers = handlers
        self.interactions: list[Interaction] = []
        self.feedback: dict[str, str] = {}
        self.guidance: list[str] = []
        self.stimuli: dict[str, str] = {}
        self.reasons: list[str] = []
        self.including: list[str] = [place]
        self.notes = self.store.notes

    def markup(self, element: etree._Element, holder: str = "") -> str:
        """The sanitised inside of an element; `holder` is the response that gaps and hot words in it belong to."""
        return sanitise(self.raw(element, holder))

    def raw(self, element: etree._Element, holder: str = "") -> str:
        top = etree.Element("div")
        self.fill(element, top, holder)
        written = etree.tostring(top, method="html", encoding="unicode")
        return written.removeprefix("<div>").removesuffix("</div>")

    def fill(self, element: etree._Element, into: etree._Element, holder: str) -> None:
        """Append the converted children of an element to `into`."""
        add_text(into, element.text)
        for child in element:
            if isinstance(child.tag, str):
                self.convert(child, into, holder)
            add_text(into, child.tail)

    def convert(self, element: etree._Element, into: etree._Element, holder: str) -> None:
        space = namespace(element)
        if space == MATHML or local_name(element) == "math":
            into.append(_plain_copy(element))
        elif space == SVG or local_name(element) == "svg":
            etree.SubElement(into, "img", src=self.store.add_drawing(clean_svg(element)), alt=svg_title(element))
        elif space.endswith(SPEECH):
            self.fill(element, into, holder)
        elif name_of(element) in self.handlers:
            self.handlers[name_of(element)](self, element, into, holder)
        elif local_name(element) in HTML_TAGS:
            self._copy(element, into, holder)
        elif name_of(element) in LEFT_OUT | QUIETLY_LEFT_OUT:
            if name_of(element) not in QUIETLY_LEFT_OUT:
                self.notes.append(f"'{local_name(element)}' is left out of the text.")
        else:
            self.notes.append(f"'{local_name(element)}' is not shown as such; its content is kept.")
            self.fill(element, into, holder)

    def _copy(self, element: etree._Element, into: etree._Element, holder: str) -> None:
        copy = etree.SubElement(into, local_name(element))
        if spoken := language(element):
            copy.set("lang", spoken)
        for key, value in element.attrib.items():
            name = str(key)
            if name.startswith("{") or name in OWN_MARKS or name == "lang":
                continue
            kept = self.store.refer(str(value), self.place) if name in SOURCES else str(value)
            if kept or name == "alt":
                copy.set(name, kept)
        if copy.tag in ("audio", "video"):
            copy.set("controls", "controls")
        self.fill(element, copy, holder)

    def read_object(self, element: etree._Element, into: etree._Element, holder: str) -> None:
        """An object: picture, sound or film as such; a page of the package as shared text; else what stands inside."""
        values = attributes(element)
        kind = values.get("type", "") or media_type(values.get("data", ""))
        tag = OBJECT_TAGS.get(kind.split("/")[0])
        path = resolved(values.get("data", ""), self.place)
        if kind in ("text/html", "application/xhtml+xml", "text/plain") and path is not None:
            self._read_page(path)
        elif tag and media_type(values.get("data", "")):
            shown = etree.SubElement(into, tag, src=self.store.refer(values["data"], self.place))
            self._describe(shown, element, values)
        else:
            if values.get("data"):
                self.notes.append(f"The object '{values['data'][:80]}' cannot be shown; what stands inside it is kept.")
            self.fill(element, into, holder)

    def _describe(self, shown: etree._Element, element: etree._Element, values: dict[str, str]) -> None:
        inner = " ".join("".join(map(str, element.itertext())).split())
        if shown.tag == "img":
            shown.set("alt", values.get("label") or inner)
        else:
            shown.set("controls", "controls")
            shown.text = inner or None
        for name in ("width", "height"):
            if name in values and shown.tag != "audio":
                shown.set(name, values[name])

    def _read_page(self, path: str) -> None:
        data = self.store.files.get(path)
        if data is None:
            self.notes.append(f"The shared text '{path}' is not in the package.")
            return
        try:
            page = lxml_html.document_fromstring(data)
        except (etree.ParserError, ValueError):
            self.notes.append(f"The shared text '{path}' cannot be read and is left out.")
            return
        body = page.find("body")
        here, self.place = self.place, path
        self.stimuli[path] = self.markup(page if body is None else body)
        self.place = here

    def read_stimulus(self, reference: str, identifier: str) -> None:
        """Shared text that the item refers to."""
        path, root = self._named_file(reference, "shared text")
        if root is None:
            return
        body = next((part for part in root.iter() if isinstance(part.tag, str) and name_of(part) in STIMULUS), root)
        here, self.place = self.place, path
        self.stimuli[identifier or path] = self.markup(body)
        self.place = here

    def _named_file(self, reference: str, what: str) -> tuple[str, etree._Element | None]:
        """Another file of the package, read; a note and None where it is not there, not XML, or already being read."""
        path = resolved(reference, self.place) or ""
        data = None if path in self.including else self.store.files.get(path)
        if data is None:
            self.notes.append(f"The {what} '{reference[:80]}' is not in the package.")
            return path, None
        try:
            return path, parse(data, path)
        except FileRefused as failure:
            self.notes.append(f"The {what} is left out: {failure}")
            return path, None

    def read_include(self, element: etree._Element, into: etree._Element, holder: str) -> None:
        """An XInclude of another file of the package stands for what that file holds."""
        path, root = self._named_file(attributes(element).get("href", ""), "text to include")
        if root is None:
            return
        here, self.place = self.place, path
        self.including.append(path)
        self.convert(root, into, holder)
        self.including.pop()
        self.place = here

    def read_feedback(self, element: etree._Element, into: etree._Element, holder: str) -> None:
        """Feedback is kept apart by outcome and value ("!value": shown unless the outcome has it).

        Parts of the text that stand until an outcome hides them stay in it.
        """
        values = attributes(element)
        hiding = values.get("show_hide", "show") == "hide"
        if hiding and name_of(element) != "modal_feedback":
            self.fill(element, into, holder)
            return
        key = f"{values.get('outcome_identifier', '')}.{UNLESS if hiding else ''}{values.get('identifier', '')}"
        said = self.markup(element, holder)
        before = self.feedback.get(key, "")
        if said not in before:
            self.feedback[key] = f"{before} {said}".strip()

    def read_rubric(self, element: etree._Element, into: etree._Element, holder: str) -> None:
        views = attributes(element).get("view", "candidate").split()
        if "candidate" in views:
            self.fill(element, etree.SubElement(into, "div"), holder)
        else:
            self.guidance.append(self.markup(element))

    def read_printed(self, element: etree._Element, into: etree._Element, holder: str) -> None:
        self.reasons.append("its text shows values that only a running template has")

    def read_gap(self, element: etree._Element, into: etree._Element, holder: str) -> None:
        gap = etree.SubElement(into, "span")
        gap.set("data-gap", attributes(element).get("identifier", ""))
        gap.set("data-response", holder)

    def read_hottext(self, element: etree._Element, into: etree._Element, holder: str) -> None:
        word = etree.SubElement(into, "span")
        word.set("data-hottext", attributes(element).get("identifier", ""))
        word.set("data-response", holder)
        self.fill(element, word, holder)

    def unwrap(self, element: etree._Element, into: etree._Element, holder: str) -> None:
        self.fill(element, into, holder)

    def read_template_part(self, element: etree._Element, into: etree._Element, holder: str) -> None:
        self.reasons.append("it is a template")
        self.fill(element, into, holder)


Handler = Callable[[BodyReader, etree._Element, etree._Element, str], None]
STIMULUS = ("stimulus_body", "assessment_stimulus_body")
TEXT_HANDLERS: dict[str, Handler] = {
    "object": BodyReader.read_object,
    "feedback_inline": BodyReader.read_feedback,
    "feedback_block": BodyReader.read_feedback,
    "modal_feedback": BodyReader.read_feedback,
    "rubric_block": BodyReader.read_rubric,
    "printed_variable": BodyReader.read_printed,
    "include": BodyReader.read_include,
    "gap": BodyReader.read_gap,
    "hottext": BodyReader.read_hottext,
    "content_body": BodyReader.unwrap,
    "info_control": BodyReader.unwrap,
    "template_inline": BodyReader.read_template_part,
    "template_block": BodyReader.read_template_part,
}


def add_text(into: etree._Element, text: str | None) -> None:
    """Text behind all that an element already holds."""
    if not text:
        return
    if len(into):
        into[-1].tail = (into[-1].tail or "") + text
    else:
        into.text = (into.text or "") + text


def _plain_copy(element: etree._Element) -> etree._Element:
    """An element without namespaces (MathML inside HTML)."""
    copy = etree.Element(local_name(element))
    copy.text = element.text
    for key, value in element.attrib.items():
        if not str(key).startswith("{"):
            copy.set(str(key), str(value))
    for child in element:
        if isinstance(child.tag, str):
            copy.append(_plain_copy(child))
            copy[-1].tail = child.tail
    return copy


def svg_title(element: etree._Element) -> str:
    """What a drawing says it shows."""
    title = next((part for part in element.iter(f"{{{SVG}}}title", "title")), None)
    return "" if title is None else " ".join((title.text or "").split())
