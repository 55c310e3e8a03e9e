r"""GIFT in: Moodle's plain-text question format, as teachers type it.

::title:: [html] text {answers} with =right ~wrong %50% #feedback ####explanation; {T} {F}; {#3.14:0.01} {#1..5};
{=term -> partner}; {} for an essay; text behind the braces makes a gap in a sentence. \ escapes ~ = # { } and :.
"""

import re

from itembank.errors import BankError
from itembank.exchange.authored_html import paragraphs
from itembank.exchange.delimited import Source, check_text, open_source, source_name
from itembank.exchange.findings import Findings
from itembank.exchange.item_forms import Formed, essay_item, match_item, numeric_item
from itembank.exchange.quiz import About, Gathering, Option, choice_of, text_of, unsaid
from itembank.exchange.quiz_marks import percentage, split_marked, unescaped
from itembank.items import Item, NumericKey
from itembank.loss_report import LossReport

LARGEST = 64 * 1024 * 1024
TITLE = re.compile(r"\s*::((?:\\.|[^:\\]|:(?!:))*)::")
FORMAT = re.compile(r"\s*\[(html|moodle|plain|markdown)\]")
BRACES = re.compile(r"(?<!\\)\{((?:\\.|[^\\{}])*)\}", re.DOTALL)
TRUE_FALSE = re.compile(r"\s*(T|TRUE|F|FALSE)\s*(?:#(.*))?$", re.DOTALL)
NUMERIC_RANGE = re.compile(r"\s*(-?[\d.]+(?:[eE][+-]?\d+)?)\s*\.\.\s*(-?[\d.]+(?:[eE][+-]?\d+)?)\s*$")
GAP = "_____"
Made = tuple[Formed, tuple[str, ...]]


def read_gift(source: Source, *, name: str = "") -> tuple[tuple[Item, ...], LossReport]:
    """Items and the fate of each question.

    Raises:
        FileRefused: when the file is empty, too large, not UTF-8, or holds no question.
    """
    findings = Findings(source_name(source, name), skip_bad=True)
    with open_source(source, findings) as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise findings.refuse(f"is larger than {LARGEST >> 20} MB; split it.")
    check_text(data, 1, findings)
    gathering, category = Gathering(), ""
    for line, text in _questions(data.decode()):
        if text.startswith("$CATEGORY:"):
            category = text.removeprefix("$CATEGORY:").strip().rsplit("/", 1)[-1].strip()
        else:
            _question(text, line, category, gathering)
    if not gathering.entries:
        raise findings.refuse("holds no question; a GIFT question has its answers in braces.")
    return tuple(gathering.items), LossReport(source=findings.file, entries=tuple(gathering.entries))


def _questions(text: str) -> list[tuple[int, str]]:
    """Blocks between blank lines with the line each begins at; comments (//) are left out."""
    blocks: list[tuple[int, str]] = []
    current: list[str] = []
    start = 1
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        if line.lstrip().startswith("//"):
            continue
        if line.startswith("$CATEGORY:"):
            blocks.append((number, line.strip()))
        elif line.strip():
            start = start if current else number
            current.append(line)
        elif current:
            blocks.append((start, "\n".join(current)))
            current = []
    return blocks


def _question(text: str, line: int, category: str, gathering: Gathering) -> None:
    title, form, rest = _head(text)
    markup = form == "html"
    braces = BRACES.search(rest)
    tags = (f"category:{category}",) if category else ()
    if braces is None:
        gathering.refuse(About(title or rest[:40], line), "it has no answers in braces, so it is a text only.")
        return
    before, answers, after = rest[: braces.start()], braces.group(1), rest[braces.end() :]
    answers, _, explanation = answers.partition("####")
    changes: tuple[str, ...] = ("Markdown is shown as it was typed",) if form == "markdown" else ()
    stem = before.strip() if not after.strip() else f"{before.rstrip()} {GAP} {after.lstrip()}"
    if after.strip():
        changes += ("the gap in the sentence is shown as a line, the answer below it",)
    about = About(
        name=title or unescaped(before)[:60], line=line, tags=tags, explanation=unescaped(explanation), source="gift"
    )
    try:
        if BRACES.search(after):
            raise BankError("it has answers in two places; split it into two questions.")
        formed, more = _made(_stem(stem, markup), answers, markup)
    except BankError as error:
        gathering.refuse(about, str(error))
        return
    gathering.keep(formed, about, changes + more)


def _head(text: str) -> tuple[str, str, str]:
    """Title, the format that is named, and the rest."""
    title = TITLE.match(text)
    rest = text[title.end() :] if title else text
    form = FORMAT.match(rest)
    named = form.group(1) if form else ""
    return (unescaped(title.group(1)) if title else ""), named, rest[form.end() :] if form else rest


def _stem(text: str, markup: bool) -> str:
    return unescaped(text) if markup else paragraphs(unescaped(text))


def _made(stem: str, answers: str, markup: bool) -> Made:
    """What kind of question the answers make, in the order in which GIFT tells them apart."""
    whole = answers.strip()
    if not whole:
        return essay_item(stem), ()
    if whole.startswith("#"):
        return _numeric(stem, whole[1:])
    if truth := TRUE_FALSE.match(whole):
        return _true_false(stem, truth.group(1).startswith("T"), truth.group(2) or "")
    parts = [(mark, text) for mark, text in split_marked(answers, "=~") if mark and text.strip()]
    if not parts:
        raise BankError("its answers have neither = nor ~ before them.")
    if all(mark == "=" and "->" in text for mark, text in parts):
        pairs = (text.partition("->") for _, text in parts)
        return match_item(stem, tuple((_option("=", a).text, _option("=", b).text) for a, _, b in pairs)), ()
    options = [_option(mark, text) for mark, text in parts]
    if all(mark == "=" for mark, _ in parts):
        return text_of(stem, options)
    multiple = not any(option.fraction >= 1 for option in options)
    return choice_of(stem, options, multiple=multiple, shuffle=True)


def _option(mark: str, text: str) -> Option:
    share, rest = percentage(text)
    answer, *feedback = split_marked(rest, "#")
    form = FORMAT.match(answer[1])
    plain = answer[1][form.end() :] if form else answer[1]
    said = "".join(part for _, part in feedback)
    return Option(unescaped(plain), (1.0 if mark == "=" else 0.0) if share is None else share, unescaped(said))


def _true_false(stem: str, right: bool, feedback: str) -> Made:
    """Feedback stands in the order wrong # right, whichever of the two answers is right."""
    said = [unescaped(part).strip() for _, part in split_marked(feedback, "#")]
    wrong, praise = (*said, "", "")[:2]
    options = [
        Option("True", float(right), praise if right else wrong),
        Option("False", float(not right), wrong if right else praise),
    ]
    return choice_of(stem, options, multiple=False, shuffle=False)


def _numeric(stem: str, answers: str) -> Made:
    marked = split_marked(answers, "=~")
    options = [text for mark, text in marked if mark == "="] or [marked[0][1]]
    keys: list[NumericKey] = []
    dropped, said = 0, list[str]()
    for text in options:
        share, rest = percentage(text)
        value, _, feedback = rest.partition("#")
        said.append(feedback)
        if share is not None and share < 1:
            dropped += share > 0
        else:
            keys.append(_key(value.strip()))
    if not keys:
        raise BankError("no number is fully right; mark one.")
    partial = (f"{dropped} numbers worth part of the points earn nothing now",) if dropped else ()
    return numeric_item(stem, tuple(keys)), partial + unsaid(said)


def _key(text: str) -> NumericKey:
    """3.14, 3.14:0.01 or 3..4."""
    bounds = NUMERIC_RANGE.match(text)
    value, _, tolerance = text.partition(":")
    try:
        if bounds:
            low, high = float(bounds.group(1)), float(bounds.group(2))
            return NumericKey(value=(low + high) / 2, tolerance=abs(high - low) / 2)
        return NumericKey(value=float(value), tolerance=abs(float(tolerance or 0)))
    except ValueError:
        raise BankError(f"'{text[:40]}' is no number; write 3.14, 3.14:0.01 or 3..4.") from None
