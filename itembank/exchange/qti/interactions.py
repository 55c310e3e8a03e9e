"""Interactions to their records: choices, bounds, pictures; whatever else they state is kept in `options`."""

import re
from collections.abc import Iterator

from lxml import etree

from itembank.exchange.html import clean_svg, sanitise
from itembank.exchange.qti.body import TEXT_HANDLERS, BodyReader, Handler, svg_title
from itembank.exchange.qti.names import attributes, child, children, flag, local_name, name_of, real, text_of, whole
from itembank.expressions import patterns
from itembank.items import Choice, Interaction, InteractionKind, Picture

KINDS: dict[str, InteractionKind] = {
    "choice_interaction": "choice",
    "inline_choice_interaction": "inline_choice",
    "text_entry_interaction": "text_entry",
    "extended_text_interaction": "extended_text",
    "order_interaction": "order",
    "match_interaction": "match",
    "gap_match_interaction": "gap_match",
    "hottext_interaction": "hottext",
    "associate_interaction": "associate",
    "slider_interaction": "slider",
    "hotspot_interaction": "hotspot",
    "select_point_interaction": "select_point",
    "graphic_order_interaction": "graphic_order",
    "graphic_associate_interaction": "graphic_associate",
    "graphic_gap_match_interaction": "graphic_gap_match",
    "position_object_interaction": "position_object",
    "upload_interaction": "upload",
    "drawing_interaction": "drawing",
    "media_interaction": "media",
    "end_attempt_interaction": "end_attempt",
    "portable_custom_interaction": "portable_custom",
    "custom_interaction": "custom",
}
CUSTOM = ("portable_custom", "custom")
HOLDS_TEXT = ("gap_match", "hottext")
CHOICES = frozenset(
    {"simple_choice", "inline_choice", "simple_associable_choice", "gap_text", "gap_img", "hotspot_choice", "hottext"}
    | {"associable_hotspot"}
)
TARGETS = {"gap_match": "gap", "graphic_gap_match": "associable_hotspot"}
UNBOUNDED = frozenset({"order", "graphic_order", "gap_match", "graphic_gap_match"})
READ = frozenset(
    {"response_identifier", "shuffle", "max_choices", "min_choices", "max_associations", "min_associations"}
    | {"lower_bound", "upper_bound", "step", "expected_length", "expected_lines", "placeholder_text", "pattern_mask"}
    | {"id", "class", "label", "lang", "data-catalog-idref", "module", "custom_interaction_type_identifier"}
)
SAID = frozenset(
    {"orientation", "step_label", "reverse", "format", "base", "string_identifier", "min_strings", "max_strings"}
    | {"center_point", "min_plays", "max_plays", "autostart", "loop", "title", "count_attempt", "type", "required"}
    | {"data-choices-container-width", "data-first-column-header", "data-max-selections-message", "data-prompt"}
    | {"data-min-selections-message", "data-patternmask-message", "data-qti-suppress-tts"}
)
"""What a learner may be told of an interaction: a list of what is allowed, since vendors write keys into attributes."""
PICTURES = ("object", "img", "picture", "svg")
SHAPES = ("default", "rect", "circle", "poly", "ellipse")


def read_interaction(reader: BodyReader, element: etree._Element, into: etree._Element, holder: str) -> None:
    """Read one interaction and leave its mark in the text."""
    kind = KINDS[name_of(element)]
    response = attributes(element).get("response_identifier", "")
    if kind in HOLDS_TEXT:
        into = etree.SubElement(into, "div")
        into.set("data-holds", response)
    mark = etree.SubElement(into, "span")
    mark.set("data-interaction", response)
    interaction = _custom(element, kind, response) if kind in CUSTOM else _read(reader, element, kind, response)
    reader.interactions.append(interaction)
    if kind in HOLDS_TEXT:
        _fill_held(reader, element, into, response)


def _fill_held(reader: BodyReader, element: etree._Element, into: etree._Element, response: str) -> None:
    """The running text of a gap match or hottext interaction, with gaps and hot words marked."""
    for part in children(element):
        if name_of(part) not in ("prompt", "gap_text", "gap_img"):
            reader.convert(part, into, response)


def _read(reader: BodyReader, element: etree._Element, kind: InteractionKind, response: str) -> Interaction:
    values = attributes(element)
    declared = reader.responses.get(response)
    prompt = child(element, "prompt")
    lowest, highest = _bounds(kind, values)
    choices, targets = _choices_and_targets(reader, element, kind)
    return Interaction(
        kind=kind,
        response=response,
        prompt=_film(reader, element) if kind == "media" else "" if prompt is None else reader.markup(prompt),
        choices=choices,
        targets=targets,
        min_choices=lowest,
        max_choices=highest,
        shuffle=flag(values, "shuffle"),
        lower=real(values, "lower_bound"),
        upper=real(values, "upper_bound"),
        step=real(values, "step"),
        expected_length=whole(values, "expected_length", 0) or None,
        expected_lines=whole(values, "expected_lines", 0) or None,
        placeholder=values.get("placeholder_text", ""),
        pattern=_pattern(reader, values.get("pattern_mask", "")),
        numeric=kind == "text_entry" and declared is not None and declared.base_type in ("integer", "float"),
        picture=_picture(reader, element),
        options=_options(reader, element, kind),
    )


def _pattern(reader: BodyReader, pattern: str) -> str:
    """The pattern an answer shall fit, unless a learner's browser, which tries all ways, might never end on it."""
    try:
        patterns.compiled(pattern)
    except ValueError as failure:
        reader.notes.append(f"A pattern for the answer is left out: {failure}")
        return ""
    if patterns.may_explode(pattern, most_in_line=4):
        reader.notes.append(f"A pattern for the answer is left out: '{pattern[:60]}' could take a browser for ever.")
        return ""
    return pattern


def _bounds(kind: str, values: dict[str, str]) -> tuple[int, int]:
    """The least and most choices; 0 at most means no bound."""
    name = "associations" if "max_associations" in values or "min_associations" in values else "choices"
    otherwise = 0 if kind in UNBOUNDED or kind in ("text_entry", "extended_text") else 1
    return max(0, whole(values, f"min_{name}", 0)), max(0, whole(values, f"max_{name}", otherwise))


def _choices_and_targets(
    reader: BodyReader, element: etree._Element, kind: str
) -> tuple[tuple[Choice, ...], tuple[Choice, ...]]:
    if kind == "match":
        sets = [
            tuple(_choice(reader, part) for part in children(holder, "simple_associable_choice"))
            for holder in children(element, "simple_match_set")
        ]
        return sets[0] if sets else (), sets[1] if len(sets) > 1 else ()
    target = TARGETS.get(kind)
    found = [part for part in _descendants(element) if name_of(part) in CHOICES | {"gap"}]
    choices = tuple(_choice(reader, part) for part in found if name_of(part) not in (target, "gap"))
    return choices, tuple(_choice(reader, part) for part in found if name_of(part) == target)


def _descendants(element: etree._Element) -> Iterator[etree._Element]:
    return (part for part in element.iterdescendants() if isinstance(part.tag, str))


def _choice(reader: BodyReader, element: etree._Element) -> Choice:
    values = attributes(element)
    shape = values.get("shape", "")
    return Choice(
        key=values.get("identifier", ""),
        content=reader.markup(element) or sanitise(_escaped(values.get("hotspot_label", ""))),
        fixed=flag(values, "fixed"),
        match_min=whole(values, "match_min", 0),
        match_max=whole(values, "match_max", 1),
        group=tuple(values.get("match_group", "").split()),
        shape=shape if shape in SHAPES else "",  # type: ignore[arg-type]
        coords=values.get("coords", ""),
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _picture(reader: BodyReader, element: etree._Element) -> Picture | None:
    """The image an interaction lies on: its own object or img, or that of the stage around it."""
    stage = element.getparent()
    holder = stage if stage is not None and name_of(stage) == "position_object_stage" else element
    if local_name(element).lower().endswith("upload_interaction"):
        return None
    shown = next((part for part in children(holder) if local_name(part) in PICTURES), None)
    if shown is None or name_of(element) == "media_interaction":
        return None
    if local_name(shown) == "svg":
        return Picture(asset=reader.store.add_drawing(clean_svg(shown)), alt=svg_title(shown), **_size(shown))
    if local_name(shown) == "picture":
        shown = next(children(shown, "img"), shown)
    return _picture_of(reader, shown)


def _picture_of(reader: BodyReader, shown: etree._Element) -> Picture | None:
    values = attributes(shown)
    name = reader.store.refer(values.get("data") or values.get("src") or "", reader.place)
    alt = values.get("alt") or values.get("label") or text_of(shown)
    return Picture(asset=name, alt=alt, **_size(shown))


def _size(shown: etree._Element) -> dict[str, int]:
    values = attributes(shown)
    return {side: whole(values, side, 0) for side in ("width", "height")}


def _film(reader: BodyReader, element: etree._Element) -> str:
    """A media interaction's prompt and the film or sound it plays."""
    prompt = child(element, "prompt")
    top = etree.Element("div")
    for part in children(element):
        if part is not prompt:
            reader.convert(part, top, "")
    before = "" if prompt is None else reader.raw(prompt)
    return sanitise(before + etree.tostring(top, method="html", encoding="unicode"))


def _options(reader: BodyReader, element: etree._Element, kind: str) -> dict[str, str]:
    """Whatever else the interaction states (orientation, messages, vocabulary classes, the thing to be placed)."""
    values = attributes(element)
    kept = {name: value for name, value in sorted(values.items()) if name in SAID or name.startswith("aria-")}
    left = [name for name in values if name.startswith("data-") and name not in READ | SAID]
    if left:
        reader.notes.append(f"Attributes of a vendor's own are left out: {', '.join(sorted(left))}.")
    words = [word for word in values.get("class", "").split() if re.fullmatch(r"qti-[a-z0-9-]+", word)]
    if words:
        kept["class"] = " ".join(words)
    if kind == "position_object":
        own = next((part for part in children(element) if local_name(part) in ("object", "img")), None)
        placed = None if own is None else _picture_of(reader, own)
        if placed is not None:
            kept |= {"object": placed.asset, "object_width": str(placed.width), "object_height": str(placed.height)}
    return kept


def _custom(element: etree._Element, kind: InteractionKind, response: str) -> Interaction:
    """A custom interaction, kept whole so that it can be given back; it is never run."""
    return Interaction(kind=kind, response=response, options={"markup": _alone(element)})


def _alone(element: etree._Element) -> str:
    tail, element.tail = element.tail, None
    written: str = etree.tostring(element, encoding="unicode")
    element.tail = tail
    return written


def _read_stage(reader: BodyReader, element: etree._Element, into: etree._Element, holder: str) -> None:
    """The stage of a position object interaction: its picture goes with each interaction on it."""
    for part in children(element):
        if name_of(part) in KINDS:
            read_interaction(reader, part, into, holder)


HANDLERS: dict[str, Handler] = {
    **TEXT_HANDLERS,
    **dict.fromkeys(KINDS, read_interaction),
    "position_object_stage": _read_stage,
}
