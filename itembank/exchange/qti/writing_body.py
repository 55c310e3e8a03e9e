"""The body of an item back to QTI: marks become interactions again, MathML gets its namespace."""

import posixpath
from collections.abc import Iterator
from urllib.parse import quote, unquote

from lxml import etree

from itembank.exchange.qti.body import OWN_MARKS, add_text
from itembank.exchange.qti.files import media_type
from itembank.exchange.qti.names import MATHML, XML, namespace
from itembank.exchange.qti.writing import Writer, as_tree, printable
from itembank.exchange.qti.writing_forms22 import form_in_22
from itembank.exchange.qti.writing_html22 import in_22, make_inline, only_paragraphs, tag_in_22
from itembank.items import Choice, Interaction, ItemContent, Picture

INLINE_KINDS = ("text_entry", "inline_choice", "end_attempt")
_PHRASES = "a abbr b bdo big br cite code dfn em i img kbd q samp small span strong sub sup tt var math bdi ruby"
PHRASES = frozenset(_PHRASES.split())
BLOCKS = frozenset({"div", "p", "blockquote", "table", "ul", "ol", "dl", "pre", "audio", "video", "figure", "section"})
CHOICE_NAMES = {
    "choice": "simple_choice",
    "order": "simple_choice",
    "inline_choice": "inline_choice",
    "associate": "simple_associable_choice",
    "hotspot": "hotspot_choice",
    "graphic_order": "hotspot_choice",
    "graphic_associate": "associable_hotspot",
}
SHUFFLED = ("choice", "order", "inline_choice", "associate", "match", "gap_match")
ASSOCIATING = ("associate", "match", "graphic_associate")
COUNTED = ("choice", "order", "hottext", "hotspot", "select_point", "graphic_order", "position_object")
MATCHED = ("simple_associable_choice", "gap_text", "gap_img", "associable_hotspot")


class BodyWriter:
    """Writes the body of one item, for a file in a folder beside which the assets lie."""

    def __init__(self, writer: Writer, content: ItemContent, place: str) -> None:
        self.writer = writer
        self.place = place
        self.interactions = {interaction.response: interaction for interaction in content.interactions}
        self.unwritten = dict(self.interactions)

    def fill(self, markup: str, into: etree._Element) -> None:
        """Append sanitised markup to a QTI element."""
        self._children(as_tree(markup), into)

    def body(self, markup: str, into: etree._Element) -> None:
        """The item body: block elements alone, text and inline interactions wrapped, no interaction left out."""
        self.fill(markup, into)
        for interaction in list(self.unwritten.values()):
            into.append(self.interaction(interaction, None))
        self._wrap_text(into)
        if len(into) == 0:
            into.append(self.writer.html("div"))

    def text(self, markup: str, into: etree._Element) -> None:
        """Markup without interactions (a shared text, guidance for scorers), with bare text wrapped."""
        self.fill(markup, into)
        self._wrap_text(into)

    def _children(self, source: etree._Element, into: etree._Element) -> None:
        add_text(into, source.text)
        for child in source:
            if child.get("data-interaction") in self.unwritten or child.get("data-interaction") is None:
                into.append(self._made(child))
            add_text(into, child.tail)

    def _made(self, source: etree._Element) -> etree._Element:
        tag = str(source.tag)
        held, marked = source.get("data-holds"), source.get("data-interaction")
        if held in self.unwritten:
            return self.interaction(self.interactions[held], source)
        if marked in self.unwritten:
            return self.interaction(self.interactions[marked], None)
        if source.get("data-gap") is not None:
            return self._gap(source)
        if source.get("data-hottext") is not None:
            word = self.writer.element("hottext", {"identifier": source.get("data-hottext")})
            self._children(source, word)
            self._inline_in_22(word)
            return word
        return _math(source) if tag == "math" else self._html(source, tag)

    def _gap(self, source: etree._Element) -> etree._Element:
        key = source.get("data-gap") or ""
        owner = self.interactions.get(source.get("data-response") or "")
        gap = next((target for target in (owner.targets if owner else ()) if target.key == key), Choice(key=key))
        return self.writer.element("gap", {"identifier": key, "match_group": " ".join(gap.group) or None})

    def _html(self, source: etree._Element, tag: str) -> etree._Element:
        old = self.writer.version == "2.2"
        holds_block = any(self._is_block(part) or part.tag in BLOCKS for part in source.iterdescendants())
        if old:
            tag = tag_in_22(source, tag)
        if tag in ("p", "span") and holds_block:
            tag = "div"
        made = self.writer.html(tag)
        for name, value in source.attrib.items():
            self._set_html(made, str(name), str(value))
        self._children(source, made)
        if old:
            self._fit_22(made, source)
        return made

    def _fit_22(self, made: etree._Element, source: etree._Element) -> None:
        """What 2.2 asks of some elements: blocks in quotations, the foot of a table before its body, an alt text."""
        tag = etree.QName(made).localname
        if tag == "blockquote":
            self._wrap_text(made)
        elif tag == "table":
            foot, body = made.find("{*}tfoot"), made.find("{*}tbody")
            if foot is not None and body is not None:
                body.addprevious(foot)
        elif tag == "img":
            made.set("alt", source.get("alt") or "")
        elif source.tag == "img":
            made.text = source.get("alt")

    def _is_block(self, part: etree._Element) -> bool:
        marked = self.interactions.get(part.get("data-interaction") or "")
        return part.get("data-holds") is not None or (marked is not None and marked.kind not in INLINE_KINDS)

    def _set_html(self, made: etree._Element, name: str, value: str) -> None:
        if name == "lang":
            made.set(f"{{{XML}}}lang", value)
        elif name in ("src", "poster"):
            made.set(name, self.reference(value))
        elif name in ("controls", "default", "loop"):
            made.set(name, "true" if self.writer.version == "2.2" else name)
        elif name not in OWN_MARKS and (self.writer.version == "3.0" or in_22(made, name)):
            made.set(name, value)

    def reference(self, name: str) -> str:
        """An asset's address as seen from the item's folder."""
        return quote(posixpath.relpath(unquote(name), posixpath.dirname(self.place) or ".")) if name else ""

    def _wrap_text(self, body: etree._Element) -> None:
        """Runs of text and inline elements directly in the body are put into paragraphs of their own (a div)."""
        runs = list(_runs(body))
        for part in list(body):
            body.remove(part)
        body.text = None
        holder: etree._Element | None = None
        for run in runs:
            if isinstance(run, str) and holder is None and not run.strip():
                add_text(body, run)
            elif isinstance(run, str) or self._is_inline(run):
                if holder is None:
                    holder = self.writer.html("div")
                    body.append(holder)
                _append(holder, run)
            else:
                holder = None
                body.append(run)

    def _is_inline(self, part: etree._Element) -> bool:
        tag = etree.QName(part).localname
        inline = {self.writer.name(f"{kind}_interaction") for kind in INLINE_KINDS} | PHRASES
        return tag in inline

    def interaction(self, interaction: Interaction, held: etree._Element | None) -> etree._Element:
        """The interaction's element; `held` is the marked text that a gap match or hottext interaction holds."""
        self.unwritten.pop(interaction.response, None)
        given, interaction = interaction, form_in_22(interaction) if self.writer.version == "2.2" else interaction
        if "markup" in interaction.options:
            return self._custom(interaction)
        made = self.writer.element(f"{interaction.kind}_interaction", self._values(interaction))
        before = self._prompt(interaction, made, aside=interaction.kind != given.kind)
        if interaction.kind == "media":
            self._fill_media(interaction, made)
        self._picture(interaction, made)
        self._choices(interaction, made)
        if held is not None:
            self._held(held, made)
        staged = self._staged(interaction, made)
        if before is None:
            return staged
        before.append(staged)
        return before

    def _custom(self, interaction: Interaction) -> etree._Element:
        """A custom interaction as it came; one of another version stands inside a custom interaction of this one."""
        kept = etree.fromstring(interaction.options["markup"])
        if namespace(kept) == self.writer.namespace:
            return kept
        made = self.writer.element("custom_interaction", {"response_identifier": interaction.response})
        made.append(kept)
        return made

    def _prompt(self, interaction: Interaction, made: etree._Element, *, aside: bool) -> etree._Element | None:
        """The prompt; one that the schema has no place for stands before its interaction, in the div given back."""
        if not interaction.prompt or (interaction.kind in (*INLINE_KINDS, "media") and not aside):
            return None
        prompt = self.writer.element("prompt")
        self.fill(interaction.prompt, prompt)
        fits = self.writer.version == "3.0" or only_paragraphs(prompt)
        if fits and not aside and interaction.kind != "position_object":
            made.append(prompt)
            self._inline_in_22(prompt)
            return None
        holder, said = self.writer.html("div"), self.writer.html("div")
        self.fill(interaction.prompt, said)
        holder.append(said)
        return holder

    def _inline_in_22(self, made: etree._Element) -> None:
        if self.writer.version == "2.2":
            make_inline(made, lambda: self.writer.html("br"))

    def _held(self, held: etree._Element, made: etree._Element) -> None:
        holder = etree.Element("held")
        self._children(held, holder)
        self._wrap_text(holder)
        for part in list(holder):
            made.append(part)

    def _fill_media(self, interaction: Interaction, made: etree._Element) -> None:
        """The film itself stands last in the prompt; what is before it is the prompt."""
        tree = as_tree(interaction.prompt)
        film = next((part for part in tree.iter("video", "audio", "img")), None)
        parent = None if film is None else film.getparent()
        if film is None or parent is None:
            return
        film.tail = None
        parent.remove(film)
        if parent is not tree and not len(parent) and not (parent.text or "").strip():
            parent.getparent().remove(parent)  # type: ignore[union-attr]
        if (tree.text or "").strip() or len(tree):
            prompt = self.writer.add(made, "prompt")
            self._children(tree, prompt)
            self._inline_in_22(prompt)
        made.append(self._object(film) if self.writer.version == "2.2" else self._made(film))

    def _object(self, film: etree._Element) -> etree._Element:
        made = self.writer.html("object")
        address = film.get("src") or next((part.get("src") or "" for part in film.iter("source")), "")
        made.set("data", self.reference(address))
        made.set("type", media_type(address) or "application/octet-stream")
        for name in ("width", "height"):
            if film.get(name):
                made.set(name, film.get(name) or "")
        return made

    def _values(self, interaction: Interaction) -> dict[str, object]:
        kind = interaction.kind
        values: dict[str, object] = {"response_identifier": interaction.response}
        if kind in SHUFFLED:
            values["shuffle"] = interaction.shuffle
        if kind in COUNTED and (interaction.max_choices or kind not in ("order", "graphic_order")):
            values["max_choices"] = interaction.max_choices
        name = "min_associations" if kind in ASSOCIATING else "min_choices"
        if interaction.min_choices and kind in (*COUNTED, *ASSOCIATING):
            values[name] = interaction.min_choices
        if kind in ASSOCIATING:
            values["max_associations"] = interaction.max_choices
        values |= {"lower_bound": interaction.lower, "upper_bound": interaction.upper, "step": interaction.step}
        values |= {"expected_length": interaction.expected_length, "expected_lines": interaction.expected_lines}
        values |= {"placeholder_text": interaction.placeholder or None, "pattern_mask": interaction.pattern or None}
        return values | self._options(interaction)

    def _options(self, interaction: Interaction) -> dict[str, object]:
        own = ("object", "object_width", "object_height", "markup")
        kept = {name: value for name, value in interaction.options.items() if name not in own}
        if interaction.kind == "end_attempt":
            kept.setdefault("title", "OK")
        if interaction.kind == "media":
            kept.setdefault("autostart", "false")
        return dict(kept)

    def _choices(self, interaction: Interaction, made: etree._Element) -> None:
        if interaction.kind == "match":
            for choices in (interaction.choices, interaction.targets):
                holder = self.writer.add(made, "simple_match_set")
                for choice in choices:
                    self._choice("simple_associable_choice", choice, holder)
        elif interaction.kind in ("gap_match", "graphic_gap_match"):
            for choice in interaction.choices:
                self._choice(_gap_choice(choice), choice, made)
            for target in interaction.targets if interaction.kind == "graphic_gap_match" else ():
                self._choice("associable_hotspot", target, made)
        elif interaction.kind in CHOICE_NAMES:
            for choice in interaction.choices:
                self._choice(CHOICE_NAMES[interaction.kind], choice, made)

    def _choice(self, name: str, choice: Choice, into: etree._Element) -> None:
        values: dict[str, object] = {"identifier": choice.key, "fixed": choice.fixed or None}
        if name in ("gap_text", "gap_img"):
            values["fixed"] = None
        if name in MATCHED:
            values |= {"match_max": choice.match_max, "match_min": choice.match_min or None}
        values["match_group"] = " ".join(choice.group) or None
        is_area = name in ("hotspot_choice", "associable_hotspot")
        if is_area:
            label = " ".join("".join(map(str, as_tree(choice.content).itertext())).split())
            shape = choice.shape or "default"
            values |= {"shape": shape, "coords": choice.coords, "hotspot_label": label or None, "fixed": None}
        made = self.writer.add(into, name, values)
        if not is_area:
            self.fill(choice.content, made)
            if name in ("gap_text", "inline_choice"):
                self._inline_in_22(made)
            if name == "gap_img" and self.writer.version == "2.2":
                _images_to_objects(self, made)

    def _picture(self, interaction: Interaction, made: etree._Element) -> None:
        if interaction.picture is None or interaction.kind == "position_object":
            return
        made.append(self.picture(interaction.picture))

    def picture(self, picture: Picture) -> etree._Element:
        """A picture as 2.2 (object) or 3.0 (img) writes it."""
        sizes = {name: str(size) for name, size in (("width", picture.width), ("height", picture.height)) if size}
        if self.writer.version == "3.0":
            made = self.writer.html("img")
            made.set("src", self.reference(picture.asset))
            made.set("alt", picture.alt)
        else:
            made = self.writer.html("object")
            made.set("data", self.reference(picture.asset))
            made.set("type", media_type(picture.asset) or "image/png")
            made.text = printable(picture.alt) or None
        for name, size in sizes.items():
            made.set(name, size)
        return made

    def _staged(self, interaction: Interaction, made: etree._Element) -> etree._Element:
        """A position object interaction stands on its stage and holds the picture that is moved."""
        if interaction.kind != "position_object":
            return made
        options = interaction.options
        if "object" in options:
            sizes = [int(options.get(name, "0") or 0) for name in ("object_width", "object_height")]
            made.append(self.picture(Picture(asset=options["object"], width=sizes[0], height=sizes[1])))
        stage = self.writer.element("position_object_stage")
        if interaction.picture is not None:
            stage.append(self.picture(interaction.picture))
        stage.append(made)
        return stage


def _gap_choice(choice: Choice) -> str:
    tree = as_tree(choice.content)
    alone = len(tree) == 1 and tree[0].tag == "img" and not "".join(map(str, tree.itertext())).strip()
    return "gap_img" if alone else "gap_text"


def _images_to_objects(body: BodyWriter, made: etree._Element) -> None:
    for image in [part for part in made if etree.QName(part).localname == "img"]:
        shown = body.writer.html("object")
        shown.set("data", image.get("src") or "")
        shown.set("type", media_type(image.get("src") or "") or "image/png")
        for name in ("width", "height"):
            if image.get(name):
                shown.set(name, image.get(name) or "")
        shown.text = image.get("alt") or None
        made.replace(image, shown)


def _math(source: etree._Element) -> etree._Element:
    made = etree.Element(f"{{{MATHML}}}{source.tag}", nsmap={"m": MATHML})
    made.text = source.text
    for name, value in source.attrib.items():
        made.set(name, value)
    for child in source:
        inner = _math(child)
        inner.tail = child.tail
        made.append(inner)
    return made


def _runs(body: etree._Element) -> Iterator[etree._Element | str]:
    """The texts and elements of a body in order, tails apart."""
    if body.text:
        yield body.text
    for part in list(body):
        tail, part.tail = part.tail, None
        yield part
        if tail:
            yield tail


def _append(holder: etree._Element, part: etree._Element | str) -> None:
    if isinstance(part, str):
        add_text(holder, part)
    else:
        holder.append(part)
