"""An item's body with its interactions in their places, as plain form fields that need no script.

Every field is named `a:RESPONSE`; a pair is sent as "A B", an order as one value a rank. Blank values are left out.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree
from lxml import html as lxml_html
from markupsafe import Markup

from api.pages.items.naming import in_words, letter, needs_showing
from api.pages.items.pictures import area_of, frame_of, point_of
from api.pages.render import ENVIRONMENT
from itembank.items import Answer, Choice, Interaction, ItemContent

FIELD = "a:"
INLINE = frozenset({"inline_choice", "text_entry", "end_attempt"})
WITHIN_TEXT = frozenset({"gap_match", "hottext"})
Say = Callable[..., str]
ENVIRONMENT.tests["needs_showing"] = needs_showing


def render_item(content: ItemContent, given: Answer | None, seed: str, t: Say) -> Markup:
    """The item's body with form fields in it.

    Args:
        given: values to fill in (a draft).
        seed: what a shuffled order of choices is drawn from, so that it is the same at every look.
    """
    answers = given or {}
    root = _parse(content.stimulus + content.body)
    sources = {asset.name: f"/item-assets/{asset.sha256}" for asset in content.assets}
    spoken = t("language.code")
    shared = {
        "t": t, "sources": sources, "safe": Markup, "in_words": in_words, "letter": letter, "area_of": area_of,
        "point_of": point_of, "own": "" if spoken == content.language else Markup(' lang="{}"').format(spoken),
    }  # fmt: skip
    many = sum(part.kind not in ("media", "end_attempt") for part in content.interactions) > 1
    for number, interaction in enumerate(content.interactions, 1):
        values = shared | {
            "i": interaction, "name": FIELD + interaction.response, "given": answers.get(interaction.response, []),
            "choices": shuffled(interaction, seed), "label": t("item.answer_n", n=number) if many else t("item.answer"),
            "frame": frame_of(interaction.picture),
        }  # fmt: skip
        _put(root, interaction, values)
    _point_at_assets(root, sources)
    for table in list(root.iter("table")):
        _make_scrollable(table, t)
    return Markup("".join(_outer(child) for child in root))


def read_given(texts: Mapping[str, list[str]]) -> Answer:
    """The answer that a form sent, from the form alone, so that the same form sent twice is the same answer."""
    given = {response: [value.strip() for value in values if value.strip()] for response, values in _sent(texts)}
    return {response: values for response, values in given.items() if values}


def read_draft(texts: Mapping[str, list[str]]) -> Answer:
    """What stands in a form as it stands there: what is half typed keeps its place and its last space."""
    return {response: values for response, values in _sent(texts) if any(values)}


def _sent(texts: Mapping[str, list[str]]) -> list[tuple[str, list[str]]]:
    return [(name.removeprefix(FIELD), values) for name, values in texts.items() if name.startswith(FIELD)]


def is_blank(answer: Answer) -> bool:
    """Whether nothing at all was answered."""
    return not any(answer.values())


def _parse(markup: str) -> Any:
    return lxml_html.fragment_fromstring(markup or "<p></p>", create_parent="div")


def _outer(element: Any) -> str:
    return str(lxml_html.tostring(element, encoding="unicode"))


def _put(root: Any, interaction: Interaction, values: dict[str, Any]) -> None:
    place = _find(root, "data-interaction", interaction.response)
    if interaction.kind in WITHIN_TEXT and _fill_text(root, interaction, values):
        _introduce(root, place, interaction, values)
        return
    fields = _parse(ENVIRONMENT.get_template("items/interaction.html").render(values).strip())
    if place is None:
        place = etree.SubElement(root, "span")
    _replace(place, fields, is_block=interaction.kind not in INLINE)


def _introduce(root: Any, place: Any, interaction: Interaction, values: dict[str, Any]) -> None:
    """What is asked of gaps and hot words stands before their text and names them as a group."""
    name = f"{values['name']}-asked"
    holder = _find(root, "data-holds", interaction.response)
    if place is None and holder is None:
        return
    if place is None:
        place = etree.Element("span")
        holder.insert(0, place)
    _replace(place, _parse(ENVIRONMENT.get_template("items/asked.html").render(values)), is_block=True)
    place.set("id", name)
    place.set("class", "asked")
    if holder is not None:
        del holder.attrib["data-holds"]
        holder.set("role", "group")
        holder.set("aria-labelledby", name)


def _find(root: Any, attribute: str, value: str) -> Any:
    return next((part for part in root.iter() if isinstance(part.tag, str) and part.get(attribute) == value), None)


def _replace(place: Any, fields: Any, *, is_block: bool) -> None:
    """Put the fields where the mark stood; a paragraph around a block becomes a division, which may hold one."""
    place.tag = "div" if is_block else "span"
    for name in list(place.attrib):
        del place.attrib[name]
    if is_block:
        place.set("class", "interaction")
        for around in place.iterancestors("p"):
            around.tag = "div"
    place.text, place[:] = fields.text, list(fields)


def _fill_text(root: Any, interaction: Interaction, values: dict[str, Any]) -> bool:
    """Gaps and hot words stand inside running text; says whether their places were found there."""
    attribute = "data-gap" if interaction.kind == "gap_match" else "data-hottext"
    marks = [
        mark for mark in root.iter("span")
        if mark.get(attribute) is not None and mark.get("data-response") in (None, "", interaction.response)
    ]  # fmt: skip
    template = ENVIRONMENT.get_template("items/in_text.html")
    by_letter = any(needs_showing(choice.content) for choice in interaction.choices)
    for number, mark in enumerate(marks, 1):
        said = Markup((mark.text or "") + "".join(_outer(child) for child in mark))
        own = {"key": mark.get(attribute), "said": said, "label": values["t"]("item.gap_n", n=number)}
        fields = _parse(template.render(values | own | {"by_letter": by_letter}).strip())
        mark.text, mark[:] = fields.text, list(fields)
        for name in list(mark.attrib):
            del mark.attrib[name]
    return bool(marks)


def shuffled(interaction: Interaction, seed: str) -> tuple[Choice, ...]:
    """The choices in the order of this sitting; fixed ones keep their place."""
    if not interaction.shuffle:
        return interaction.choices
    loose = [choice for choice in interaction.choices if not choice.fixed]
    random.Random(f"{seed}/{interaction.response}").shuffle(loose)
    rest = iter(loose)
    return tuple(choice if choice.fixed else next(rest) for choice in interaction.choices)


def _point_at_assets(root: Any, sources: Mapping[str, str]) -> None:
    for part in root.iter("img", "audio", "video", "source", "track"):
        for name in ("src", "poster"):
            if part.get(name) in sources:
                part.set(name, sources[part.get(name)])


def _make_scrollable(table: Any, t: Say) -> None:
    caption = table.find("caption")
    frame = etree.Element("div")
    frame.set("class", "scroll")
    frame.set("tabindex", "0")
    frame.set("role", "region")
    named = "" if caption is None else "".join(map(str, caption.itertext())).strip()
    frame.set("aria-label", named or t("item.table"))
    parent = table.getparent()
    frame.tail, table.tail = table.tail, None
    parent.replace(table, frame)
    frame.append(table)
