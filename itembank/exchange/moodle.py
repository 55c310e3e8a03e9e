"""Moodle XML in: the question bank export of the platform that most colleges have.

Every question is imported, changed (how) or refused (why). Drag-and-drop into text becomes drop-down gaps, the same
decision by other means; calculated questions and random draws have no fixed content and are refused.
"""

from collections.abc import Callable

from lxml import etree

from itembank.errors import BankError
from itembank.exchange.delimited import Source, open_source, source_name
from itembank.exchange.findings import Findings
from itembank.exchange.item_forms import Formed, essay_item, match_item, numeric_item
from itembank.exchange.moodle_cloze import cloze
from itembank.exchange.moodle_files import Files, text_at
from itembank.exchange.quiz import (
    About,
    Gathering,
    Option,
    choice_of,
    gap_mark,
    gaps_of,
    inline_choice,
    text_of,
    unsaid,
)
from itembank.exchange.quiz_marks import numbered_gaps
from itembank.items import Item, NumericKey
from itembank.loss_report import LossReport

LARGEST = 256 * 1024 * 1024
Made = tuple[Formed, tuple[str, ...]]
Element = etree._Element

NO_FIXED_CONTENT = "its content is computed or drawn anew for each learner, so its difficulty cannot be calibrated"
REFUSED = {
    "calculated": NO_FIXED_CONTENT,
    "calculatedmulti": NO_FIXED_CONTENT,
    "calculatedsimple": NO_FIXED_CONTENT,
    "random": NO_FIXED_CONTENT,
    "randomsamatch": NO_FIXED_CONTENT,
    "description": "it is a text without a question",
    "ddmarker": "markers dragged onto a picture have no counterpart; rebuild it as a hotspot question",
    "ddimageortext": "pictures dragged onto a picture have no counterpart; rebuild it as a graphic gap match",
}


def read_moodle(source: Source, *, name: str = "") -> tuple[tuple[Item, ...], dict[str, bytes], LossReport]:
    """Items, the bytes of their pictures by SHA-256, and the fate of each question.

    Raises:
        FileRefused: when the file is no Moodle XML, too large, or declares entities.
    """
    findings = Findings(source_name(source, name), skip_bad=True)
    gathering, files = Gathering(), Files()
    category = ""
    for question in _root(source, findings).iterchildren("question"):
        kind = question.get("type", "")
        if kind == "category":
            category = text_at(question, "category").rsplit("/", 1)[-1].strip()
        else:
            _question(question, kind, category, gathering, files)
    if not gathering.entries:
        raise findings.refuse("holds no question.")
    report = LossReport(source=findings.file, entries=tuple(gathering.entries))
    return tuple(gathering.items), files.stored, report


def _root(source: Source, findings: Findings) -> Element:
    with open_source(source, findings) as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise findings.refuse(f"is larger than {LARGEST >> 20} MB; split it.")
    if b"<!DOCTYPE" in data[:100_000] or b"<!ENTITY" in data[:100_000]:
        raise findings.refuse("declares a document type or entities, which no Moodle export does.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise findings.refuse(f"is no well-formed XML ({error.msg}).", line=error.lineno or 0) from None
    if root.tag != "quiz":
        raise findings.refuse(f"is no Moodle XML: its root is <{root.tag}>, not <quiz>.")
    return root


def _question(question: Element, kind: str, category: str, gathering: Gathering, files: Files) -> None:
    tags = tuple(filter(None, (text_at(tag) for tag in question.iterfind("tags/tag"))))
    about = About(
        name=text_at(question, "idnumber")
        or (question.findtext("idnumber") or "").strip()
        or text_at(question, "name"),
        line=getattr(question, "sourceline", 0) or 0,
        kind=kind,
        tags=tags + ((f"category:{category}",) if category else ()),
        explanation=text_at(question, "generalfeedback"),
        source="moodle",
    )
    if kind not in MAKERS:
        gathering.refuse(about, REFUSED.get(kind, f"question type '{kind}' is not known"))
        return
    try:
        assets, lost = files.resolve(question)
        formed, changes = MAKERS[kind](question, text_at(question, "questiontext"))
    except BankError as error:
        gathering.refuse(about, str(error))
        return
    hidden = ("it was hidden in Moodle",) if text_of_tag(question, "hidden") == "1" else ()
    gathering.keep(formed, about, changes + lost + hidden + _lost_files(question), assets)


def _lost_files(question: Element) -> tuple[str, ...]:
    """Feedback is kept apart from what is shown and has no pictures of its own; say so."""
    inside = [file for part in question.iter() if "feedback" in str(part.tag) for file in part.iterfind("file")]
    return (f"{len(inside)} pictures inside feedback were left out",) if inside else ()


def text_of_tag(question: Element, tag: str, default: str = "") -> str:
    """The text of a child that holds nothing but text."""
    return (question.findtext(tag) or default).strip()


def _options(question: Element) -> list[Option]:
    strict = text_of_tag(question, "usecase") == "1"
    return [
        Option(
            text=text_at(answer),
            fraction=_fraction(answer.get("fraction", "0")),
            feedback=text_at(answer, "feedback"),
            case_sensitive=strict,
        )
        for answer in question.iterfind("answer")
    ]


def _fraction(text: str) -> float:
    try:
        share = float(text) / 100
    except ValueError:
        raise BankError(f"the fraction '{text[:20]}' of an answer is no number.") from None
    if not -1 <= share <= 1:
        raise BankError(f"the fraction '{text[:20]}' of an answer is not between -100 and 100.")
    return share


def _multichoice(question: Element, stem: str) -> Made:
    single = text_of_tag(question, "single", "true") in ("true", "1")
    shuffle = text_of_tag(question, "shuffleanswers", "false") in ("true", "1")
    return choice_of(stem, _options(question), multiple=not single, shuffle=shuffle)


def _true_false(question: Element, stem: str) -> Made:
    order = sorted(_options(question), key=lambda option: option.text.strip().lower() != "true")
    named = [Option(option.text.strip().capitalize(), option.fraction, option.feedback) for option in order]
    return choice_of(stem, named, multiple=False, shuffle=False)


def _numerical(question: Element, stem: str) -> Made:
    keys, partial = [], 0
    for answer in question.iterfind("answer"):
        share = _fraction(answer.get("fraction", "0"))
        if share >= 1:
            keys.append(_numeric_key(text_at(answer), text_of_tag(answer, "tolerance", "0")))
        partial += 0 < share < 1
    if not keys:
        raise BankError("no number is fully right; mark one with fraction 100.")
    unit = (question.findtext("units/unit/unit_name") or "").strip()
    dropped: tuple[str, ...] = (f"{partial} numbers worth part of the points earn nothing now",) if partial else ()
    more = len(question.findall("units/unit")) > 1
    dropped += unsaid(text_at(answer, "feedback") for answer in question.iterfind("answer"))
    return numeric_item(stem, tuple(keys), unit=unit), dropped + (("only the first unit was kept",) if more else ())


def _numeric_key(value: str, tolerance: str) -> NumericKey:
    try:
        key = NumericKey(value=float(value.replace(",", ".")), tolerance=abs(float(tolerance.replace(",", ".") or 0)))
    except ValueError:
        raise BankError(f"'{value[:20]}' ± '{tolerance[:20]}' is no number; correct it.") from None
    if key.value - key.value != 0 or key.tolerance - key.tolerance != 0:
        raise BankError("a key or tolerance is not finite; correct it.")
    return key


def _matching(question: Element, stem: str) -> Made:
    pairs = tuple((text_at(pair), text_at(pair, "answer")) for pair in question.iterfind("subquestion"))
    return match_item(stem, pairs), ()


def _essay(question: Element, stem: str) -> Made:
    lines = text_of_tag(question, "responsefieldlines", "10")
    upload = text_of_tag(question, "responseformat") == "noinline"
    return essay_item(stem, lines=int(lines) if lines.isdecimal() else 10, upload=upload), ()


def _gap_select(question: Element, stem: str) -> Made:
    boxes = question.findall("selectoption") or question.findall("dragbox")
    words = [(text_at(box), (box.findtext("group") or "1").strip()) for box in boxes]
    body, numbers = numbered_gaps(stem, len(words))
    gaps = []
    for place, number in enumerate(numbers, start=1):
        group = words[number - 1][1]
        options = [Option(text, float(index == number)) for index, (text, of) in enumerate(words, 1) if of == group]
        gaps.append(inline_choice(f"RESPONSE{place}", options))
        body = body.replace(f"[[{place}]]", gap_mark(f"RESPONSE{place}"), 1)
    dragged = ("words to drag became drop-down lists",) if question.get("type") == "ddwtos" else ()
    return gaps_of(body, gaps), dragged


def _cloze(question: Element, stem: str) -> Made:
    return cloze(stem)


MAKERS: dict[str, Callable[[Element, str], Made]] = {
    "multichoice": _multichoice,
    "truefalse": _true_false,
    "shortanswer": lambda question, stem: text_of(stem, _options(question)),
    "numerical": _numerical,
    "matching": _matching,
    "essay": _essay,
    "cloze": _cloze,
    "multianswer": _cloze,
    "gapselect": _gap_select,
    "ddwtos": _gap_select,
}
