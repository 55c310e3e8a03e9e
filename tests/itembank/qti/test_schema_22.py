"""The 2.2 form against the content models of the official schema (imsqti_v2p2p2.xsd), restated for what is written.

The schema itself may not be copied. Each row is an element, what it may and must hold, and which attributes it takes.
"""

import re

import msgspec
import pytest
from lxml import etree

from itembank.exchange.qti.export import write_package
from itembank.exchange.qti.items import read_item
from itembank.exchange.qti.packages import read_package
from itembank.items import content_hash
from tests.itembank.qti import samples as s
from tests.itembank.qti import vectors as v
from tests.itembank.qti.test_export import BANK, bank_item, opened

_HTML_INLINE = "img br object em a code span sub acronym big tt kbd q i dfn abbr strong sup var small samp b cite bdo"
_HTML5_BLOCK = "figure audio video article aside footer header nav section"
_BLOCK = "pre h1 h2 h3 h4 h5 h6 p address dl ol ul hr blockquote table div"
INLINE = frozenset(f"{_HTML_INLINE} bdi label ruby math".split())
BLOCK = frozenset(f"{_BLOCK} math {_HTML5_BLOCK}".split())
B = f"(?:(?:{'|'.join(sorted(BLOCK | {'infoControl', 'feedbackBlock'}))}) )"
INTERACTION = r"(?:\w+Interaction|positionObjectStage)"
CHILDREN = {
    "itemBody": rf"(?:{B}|rubricBlock |{INTERACTION} )+",
    "choiceInteraction": "(prompt )?(simpleChoice )+",
    "orderInteraction": "(prompt )?(simpleChoice )+",
    "associateInteraction": "(prompt )?(simpleAssociableChoice )+",
    "matchInteraction": "(prompt )?(simpleMatchSet ){2}",
    "simpleMatchSet": "(simpleAssociableChoice )*",
    "gapMatchInteraction": f"(prompt )?((gapText|gapImg) )+{B}+",
    "hottextInteraction": f"(prompt )?{B}+",
    "inlineChoiceInteraction": "(inlineChoice )+",
    "textEntryInteraction": "",
    "endAttemptInteraction": "",
    "extendedTextInteraction": "(prompt )?",
    "sliderInteraction": "(prompt )?",
    "uploadInteraction": "(prompt )?",
    "drawingInteraction": "(prompt )?object ",
    "mediaInteraction": "(prompt )?(object|audio|video) ",
    "hotspotInteraction": "(prompt )?object (hotspotChoice )+",
    "selectPointInteraction": "(prompt )?object ",
    "graphicOrderInteraction": "(prompt )?object (hotspotChoice )+",
    "graphicAssociateInteraction": "(prompt )?object (associableHotspot )+",
    "graphicGapMatchInteraction": "(prompt )?object ((gapText|gapImg) )+(associableHotspot )+",
    "positionObjectStage": "object (positionObjectInteraction )+",
    "positionObjectInteraction": "object ",
    "gapImg": "object ",
    "responseDeclaration": "(defaultValue )?(correctResponse )?(mapping )?(areaMapping )?",
    "responseCondition": "responseIf (responseElseIf )*(responseElse )?",
    "mapping": "(mapEntry )+",
    "areaMapping": "(areaMapEntry )+",
    "interpolationTable": "(interpolationTableEntry )+",
    "matchTable": "(matchTableEntry )+",
    "ol": "(li )*",
    "ul": "(li )*",
}
ONLY_INLINE = ("prompt", "gapText", "inlineChoice", "hottext")
LINES = frozenset(
    [
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "address",
        "span",
        "b",
        "i",
        "em",
        "strong",
        "small",
        "sub",
        "sup",
        "big",
        "tt",
        "code",
        "kbd",
        "samp",
        "var",
        "q",
    ]
)
IN_LINES = INLINE | {"textEntryInteraction", "inlineChoiceInteraction", "endAttemptInteraction", "hottext", "gap"}
BASE = {"id", "class", "label", "lang", "base"}
CHOICE = {"identifier", "templateIdentifier", "showHide"}
MATCH = {"matchGroup", "matchMax", "matchMin"}
TEXT = {"base", "stringIdentifier", "expectedLength", "patternMask", "placeholderText", "format"}
ATTRIBUTES = {
    "choiceInteraction": {"responseIdentifier", "shuffle", "maxChoices", "minChoices", "orientation"},
    "orderInteraction": {"responseIdentifier", "shuffle", "maxChoices", "minChoices", "orientation"},
    "associateInteraction": {"responseIdentifier", "shuffle", "maxAssociations", "minAssociations"},
    "matchInteraction": {"responseIdentifier", "shuffle", "maxAssociations", "minAssociations"},
    "gapMatchInteraction": {"responseIdentifier", "shuffle"},
    "hottextInteraction": {"responseIdentifier", "maxChoices", "minChoices"},
    "inlineChoiceInteraction": {"responseIdentifier", "shuffle", "required"},
    "textEntryInteraction": {"responseIdentifier", *TEXT},
    "extendedTextInteraction": {"responseIdentifier", *TEXT, "maxStrings", "minStrings", "expectedLines"},
    "sliderInteraction": {
        "responseIdentifier", "lowerBound", "upperBound", "step", "stepLabel", "orientation", "reverse",
    },
    "uploadInteraction": {"responseIdentifier", "type"},
    "drawingInteraction": {"responseIdentifier"},
    "mediaInteraction": {"responseIdentifier", "autostart", "minPlays", "maxPlays", "loop"},
    "endAttemptInteraction": {"responseIdentifier", "title", "countAttempt"},
    "hotspotInteraction": {"responseIdentifier", "maxChoices", "minChoices"},
    "selectPointInteraction": {"responseIdentifier", "maxChoices", "minChoices"},
    "graphicOrderInteraction": {"responseIdentifier", "maxChoices", "minChoices"},
    "graphicAssociateInteraction": {"responseIdentifier", "maxAssociations", "minAssociations"},
    "graphicGapMatchInteraction": {"responseIdentifier"},
    "positionObjectInteraction": {"responseIdentifier", "centerPoint", "minChoices", "maxChoices"},
    "simpleChoice": CHOICE | {"fixed"},
    "inlineChoice": CHOICE | {"fixed"},
    "simpleAssociableChoice": CHOICE | MATCH | {"fixed"},
    "gapText": CHOICE | MATCH,
    "gapImg": CHOICE | MATCH | {"objectLabel", "top", "left"},
    "gap": CHOICE | {"matchGroup", "required"},
    "hottext": CHOICE,
    "hotspotChoice": CHOICE | {"shape", "coords", "hotspotLabel"},
    "associableHotspot": CHOICE | MATCH | {"shape", "coords", "hotspotLabel"},
    "object": {"data", "type", "width", "height"},
}  # fmt: skip
REQUIRED = {
    "mediaInteraction": {"autostart"},
    "sliderInteraction": {"lowerBound", "upperBound"},
    "endAttemptInteraction": {"title"},
    "gapText": {"matchMax"},
    "gapImg": {"matchMax"},
    "object": {"data", "type"},
    "simpleAssociableChoice": {"matchMax"},
    "associableHotspot": {"matchMax"},
    "stringMatch": {"caseSensitive"},
    "substring": {"caseSensitive"},
    "equal": {"toleranceMode"},
    "roundTo": {"roundingMode", "figures"},
    "equalRounded": {"roundingMode", "figures"},
}
NOT_NEGATIVE = {"matchMax", "matchMin", "maxChoices", "minChoices", "maxAssociations", "minAssociations", "step"}
NOT_NEGATIVE |= {"expectedLength", "expectedLines", "maxStrings", "minStrings", "maxPlays", "minPlays"}
FILM_PROMPT = (
    '<p>Watch <video src="films/a.mp4" controls="controls"></video> and <ruby><rb>x</rb><rt>y</rt></ruby>.</p>'
)
FIGURE_PROMPT = '<figure><img src="images/map.png" alt="map"><figcaption>A map</figcaption></figure><p>Choose.</p>'
RUBY_PROMPT = "<p>Read <ruby><rb>x</rb><rt>y</rt></ruby>.</p>"
BLOCK_PROMPT = "<p>Look at this.</p><div>Then <b>choose</b>:<p>one</p></div>"
TABLE_PROMPT = "<p>Look.</p><table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>"


def local(element):
    return etree.QName(element).localname


def faults(root):
    """Everything in an item file that the schema would not allow."""
    for part in root.iter(etree.Element):
        name = local(part)
        inside = [local(child) for child in part]
        if name in CHILDREN and not re.fullmatch(CHILDREN[name], "".join(f"{child} " for child in inside)):
            yield f"{name} holds {inside}"
        if name in LINES:
            yield from (f"{name} holds <{below}>" for below in inside if below not in IN_LINES)
        if name in ONLY_INLINE:
            yield from (f"{name} holds <{local(below)}>" for below in words_inside(part) if local(below) not in INLINE)
        said = {etree.QName(key).localname for key in part.attrib}
        yield from (f"{name} says {key} below zero" for key in said & NOT_NEGATIVE if part.get(key, "").startswith("-"))
        yield from (f"{name} lacks {key}" for key in REQUIRED.get(name, set()) - said)
        if name == "sliderInteraction":
            ends = [part.get(key, "") for key in ("lowerBound", "upperBound")]
            yield from (f"{name} reaches {end}" for end in ends if end.startswith("-"))
        if name in ATTRIBUTES:
            extra = {key for key in said - ATTRIBUTES[name] - BASE if not key.startswith(("data-", "aria-"))}
            yield from (f"{name} says {key}" for key in extra)


def words_inside(part):
    """The elements of running text below one, formulas and pictures taken as wholes."""
    for child in part:
        yield child
        if local(child) not in ("math", "object", "ruby"):
            yield from words_inside(child)


def items():
    return (
        {item.key: item for item in BANK.items} | {"bank": bank_item()} | {f"vector {n}": vector(n) for n in v.VECTORS}
    )


def vector(name):
    return read_item(v.vector(name), "x.xml", s.FILES).item


def with_prompt(item, prompt):
    content = msgspec.structs.replace(
        item.content,
        interactions=tuple(msgspec.structs.replace(part, prompt=prompt) for part in item.content.interactions),
    )
    return msgspec.structs.replace(item, content=content)


def written(item):
    files = opened(write_package([item], BANK.assets, "2.2"))
    return files, etree.fromstring(next(data for name, data in files.items() if name.startswith("items/")))


@pytest.mark.parametrize("key", items())
@pytest.mark.parametrize(
    "prompt",
    [None, BLOCK_PROMPT, TABLE_PROMPT, FILM_PROMPT, FIGURE_PROMPT, RUBY_PROMPT],
    ids=["as is", "paragraphs", "table", "film", "figure", "ruby"],
)
def test_every_element_holds_and_says_what_the_schema_allows(key, prompt):
    item = items()[key] if prompt is None else with_prompt(items()[key], prompt)
    files, root = written(item)
    assert list(faults(root)) == []
    if not any(part.kind == "media" for part in item.content.interactions):
        again = read_package(s.zipped(files)).items[0]
        assert content_hash(again) == content_hash(item)


def test_paragraphs_of_a_prompt_become_lines():
    _, root = written(with_prompt(items()["choice"], BLOCK_PROMPT))
    prompt = next(root.iter("{*}prompt"))
    text = etree.tostring(prompt, encoding="unicode")
    assert re.sub(r"<(/?)(\w+)(?: [^>]*?)?(/?)>", r"<\1\2\3>", text).strip() == (
        "<prompt>Look at this.<br/>Then <b>choose</b>:<br/>one</prompt>"
    )


def test_a_table_of_a_prompt_stands_before_the_question_whole():
    _, root = written(with_prompt(items()["choice"], TABLE_PROMPT))
    assert next(root.iter("{*}prompt"), None) is None
    names = [local(part) for part in root.iter("{*}table", "{*}choiceInteraction")]
    assert names == ["table", "choiceInteraction"]


def test_short_choices_hold_words_alone_and_say_nothing_of_being_fixed():
    for key, kind in (("gap_match", "gapText"), ("inline_choice", "inlineChoice")):
        item = items()[key]
        part = item.content.interactions[0]
        choices = tuple(
            msgspec.structs.replace(choice, content="<p>two</p><p>lines</p>", fixed=True) for choice in part.choices
        )
        content = msgspec.structs.replace(
            item.content, interactions=(msgspec.structs.replace(part, choices=choices), *item.content.interactions[1:])
        )
        _, root = written(msgspec.structs.replace(item, content=content))
        assert list(faults(root)) == []
        found = next(root.iter(f"{{*}}{kind}"))
        assert [local(below) for below in found] == ["br"]


def changed(item, **fields):
    parts = tuple(msgspec.structs.replace(part, **fields) for part in item.content.interactions)
    return msgspec.structs.replace(item, content=msgspec.structs.replace(item.content, interactions=parts))


def test_a_slider_below_zero_is_a_number_in_22_and_a_slider_again_at_home():
    item = changed(items()["slider"], lower=-5.0, upper=5.0, prompt="<p>How <b>cold</b>?</p>")
    files, root = written(item)
    assert list(faults(root)) == []
    assert next(root.iter("{*}sliderInteraction"), None) is None
    (entry,) = root.iter("{*}textEntryInteraction")
    assert [" ".join(text.split()) for text in entry.getparent().itertext()] == ["How", "cold", "?", "-5 … 5"]
    assert read_package(s.zipped(files)).items == (item,)
    modern = opened(write_package([item], BANK.assets, "3.0"))
    assert b'lower-bound="-5"' in next(data for name, data in modern.items() if name.startswith("items/"))
    assert read_package(s.zipped(modern)).items == (item,)


def test_an_upload_of_several_types_names_none_in_22():
    no_slider = dict.fromkeys(("lower", "upper", "step"))
    item = changed(items()["slider"], kind="upload", options={"type": "image/png image/jpeg"}, **no_slider)
    files, root = written(item)
    assert "type" not in next(root.iter("{*}uploadInteraction")).attrib
    assert read_package(s.zipped(files)).items == (item,)


def test_the_check_sees_what_is_wrong():
    _, root = written(items()["choice"])
    choice = next(root.iter("{*}simpleChoice"))
    choice.set("colour", "red")
    choice.getparent().append(etree.Element("p"))
    assert sorted(fault.split(" ")[0] for fault in faults(root)) == ["choiceInteraction", "simpleChoice"]
