"""Moodle's embedded answers (cloze): {1:SHORTANSWER:=Paris~%50%Lyon#feedback} inside a text."""

import html
import re

import msgspec

from itembank.errors import BankError
from itembank.exchange.item_forms import Formed
from itembank.exchange.quiz import Option, gap_mark, gaps_of, inline_choice, text_gap
from itembank.exchange.quiz_marks import percentage, split_marked, unescaped
from itembank.items import Interaction, ResponseDeclaration

GAP = re.compile(r"\{(\d*):([A-Z_]+):((?:\\.|[^\\{}])*)\}")
TYPED = {"SHORTANSWER": False, "SA": False, "MW": False, "SHORTANSWER_C": True, "SAC": True, "MWC": True}
CHOSEN = re.compile(r"(MULTICHOICE|MC)(_?[VHS]{1,2})?$")


def cloze(text: str) -> tuple[Formed, tuple[str, ...]]:
    """A text with gaps, one category a gap, whatever weight Moodle gave each.

    Raises:
        BankError: for a gap of a kind that has no counterpart.
    """
    gaps: list[tuple[Interaction, ResponseDeclaration]] = []
    changes: list[str] = []
    weights: set[str] = set()

    def gap(mark: re.Match[str]) -> str:
        response = f"RESPONSE{len(gaps) + 1}"
        weights.add(mark.group(1) or "1")
        gaps.append(_gap(response, mark.group(2), html.unescape(mark.group(3)), changes))
        return gap_mark(response)

    body = GAP.sub(gap, text)
    if len(weights) > 1:
        changes.append("gaps of different weight count the same now")
    return gaps_of(body, gaps), tuple(dict.fromkeys(changes))


def _gap(response: str, kind: str, answers: str, changes: list[str]) -> tuple[Interaction, ResponseDeclaration]:
    options = [
        _option(mark, text, TYPED.get(kind, False), changes) for mark, text in split_marked(answers, "~") if text
    ]
    if kind in TYPED:
        return text_gap(response, options)
    if CHOSEN.match(kind):
        return inline_choice(response, options)
    if kind in ("NUMERICAL", "NM"):
        return _numeric_gap(response, options)
    raise BankError(f"a gap of kind {kind} has no counterpart inside a text; make it a question of its own.")


def _option(mark: str, text: str, strict: bool, changes: list[str]) -> Option:
    share, rest = percentage(text)
    if rest.lstrip().startswith("="):
        share, rest = 1.0, rest.lstrip()[1:]
    answer, _, feedback = rest.partition("#")
    if feedback:
        changes.append("feedback inside gaps was left out")
    return Option(unescaped(answer), share or 0.0, "", strict)


def _numeric_gap(response: str, options: list[Option]) -> tuple[Interaction, ResponseDeclaration]:
    plain = []
    for option in options:
        value, _, tolerance = option.text.partition(":")
        try:
            exact = float(value) - float(value) == 0 and float(tolerance or 0) == 0
        except ValueError:
            exact = False
        if not exact:
            raise BankError("a number inside a text cannot have a tolerance; make it a numerical question of its own.")
        plain.append(Option(value, option.fraction))
    interaction, declaration = text_gap(response, plain)
    replace = msgspec.structs.replace
    return replace(interaction, numeric=True), replace(declaration, base_type="float")
