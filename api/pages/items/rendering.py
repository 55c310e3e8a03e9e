"""An item's body with its interactions in their places, as plain form fields that need no script.

Every field is named `a:RESPONSE`; a pair is sent as "A B", an order as one value a rank. Blank values are left out.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree
from lxml import html as lxml_html
from markupsafe import Markup

from api.pages.render import ENVIRONMENT
from itembank.items import Answer, Choice, Interaction, ItemContent

FIELD = "a:"
INLINE = frozenset({"inline_choice", "text_entry", "end_attempt"})
WITHIN_TEXT = frozenset({"gap_match", "hottext"})
Say = Callable[..., str]


def render_item(
    content: ItemContent, given: Answer | None, seed: str, t: Say, asset_base: str = "/item-assets"
) -> Markup:
    """The item's body with form fields in it.

    Args:
        given: values to fill in (a draft).
        seed: what a shuffled order of choices is drawn from, so that it is the same at every look.
        asset_base: where the item's pictures and sounds are served, by hash.
    """
    answers = given or {}
    root = _parse(content.stimulus + content.body)
    _point_at_assets(root, content, asset_base)
    many = sum(part.kind not in ("media", "end_attempt") for part in content.interactions) > 1
    for number, interaction in enumerate(content.interactions, 1):
        label = t("item.answer_n", n=number) if many else t("item.answer")
        _put(
            root,
            content,
            interaction,
            answers.get(interaction.response, []),
            _shuffled(interaction, seed),
            label,
            t,
            asset_base,
        )
    for table in list(root.iter("table")):
        _make_scrollable(table, t)
    return Markup("".join(_outer(child) for child in root))


def read_given(texts: Mapping[str, list[str]]) -> Answer:
    """The answer that a form sent, from the form alone, so that the same form sent twice is the same answer."""
    given = {
        name.removeprefix(FIELD): [value.strip() for value in values if value.strip()]
        for name, values in texts.items()
        if name.startswith(FIELD)
    }
    return {response: values for response, values in given.items() if values}


def is_blank(answer: Answer) -> bool:
    """Whether nothing at all was answered."""
    return not any(answer.values())


def _parse(markup: str) -> Any:
    return lxml_html.fragment_fromstring(markup or "<p></p>", create_parent="div")


def _outer(element: Any) -> str:
    return str(lxml_html.tostring(element, encoding="unicode"))


def _put(
    root: Any, content: ItemContent, interaction: Interaction, values: list[str], choices: tuple[Choice, ...],
    label: str, t: Say, asset_base: str,
) -> None:  # fmt: skip
    place = _find(root, "data-interaction", interaction.response)
    if interaction.kind in WITHIN_TEXT and _fill_text(root, interaction, values, choices, t):
        return
    template = ENVIRONMENT.get_template("items/interaction.html")
    sources = {asset.name: f"{asset_base}/{asset.sha256}" for asset in content.assets}
    fields = _parse(
        template.render(i=interaction, given=values, choices=choices, name=FIELD + interaction.response, label=label,
                        t=t, safe=Markup, sources=sources, shape=_shape)
    )  # fmt: skip
    if place is None:
        place = etree.SubElement(root, "span")
    _replace(place, fields, is_block=interaction.kind not in INLINE)


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


def _fill_text(root: Any, interaction: Interaction, values: list[str], choices: tuple[Choice, ...], t: Say) -> bool:
    """Gaps and hot words stand inside running text; says whether their places were found there."""
    attribute = "data-gap" if interaction.kind == "gap_match" else "data-hottext"
    marks = [
        mark for mark in root.iter("span")
        if mark.get(attribute) is not None and mark.get("data-response") in (None, "", interaction.response)
    ]  # fmt: skip
    template = ENVIRONMENT.get_template("items/in_text.html")
    for number, mark in enumerate(marks, 1):
        said = Markup((mark.text or "") + "".join(_outer(child) for child in mark))
        fields = _parse(
            template.render(i=interaction, key=mark.get(attribute), said=said, given=values, choices=choices,
                            name=FIELD + interaction.response, label=t("item.gap_n", n=number), safe=Markup, t=t)
        )  # fmt: skip
        mark.text, mark[:] = fields.text, list(fields)
        for name in list(mark.attrib):
            del mark.attrib[name]
    return bool(marks)


def _shuffled(interaction: Interaction, seed: str) -> tuple[Choice, ...]:
    """The choices in the order of this sitting; fixed ones keep their place."""
    if not interaction.shuffle:
        return interaction.choices
    loose = [choice for choice in interaction.choices if not choice.fixed]
    random.Random(f"{seed}/{interaction.response}").shuffle(loose)
    rest = iter(loose)
    return tuple(choice if choice.fixed else next(rest) for choice in interaction.choices)


def _point_at_assets(root: Any, content: ItemContent, base: str) -> None:
    sources = {asset.name: f"{base}/{asset.sha256}" for asset in content.assets}
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


def _shape(choice: Choice) -> Markup:
    """A hotspot's outline as SVG; the numbers come from the item, already read as numbers."""
    try:
        at = [float(part.strip().rstrip("%")) for part in choice.coords.split(",") if part.strip()]
    except ValueError:
        return Markup()
    if choice.shape == "rect" and len(at) == 4:
        left, top, right, bottom = at
        return Markup('<rect class="area" x="{}" y="{}" width="{}" height="{}"/>').format(
            left, top, right - left, bottom - top
        )
    if choice.shape == "circle" and len(at) == 3:
        return Markup('<circle class="area" cx="{}" cy="{}" r="{}"/>').format(*at)
    if choice.shape == "ellipse" and len(at) == 4:
        return Markup('<ellipse class="area" cx="{}" cy="{}" rx="{}" ry="{}"/>').format(*at)
    points = " ".join(f"{x},{y}" for x, y in zip(at[::2], at[1::2]))
    return Markup('<polygon class="area" points="{}"/>').format(points)
