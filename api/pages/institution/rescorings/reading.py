"""A rescoring as a registrar reads it: what the form asks, and whose decision changes, with and without harm."""

from collections.abc import Mapping

import msgspec

from api.pages.forms import Form
from api.pages.names import occasion_name
from engine.errors import EngineError
from engine.messages import Language
from engine.rescoring import Preview, Rescored
from engine.workflows.rescore_item import Asked
from itembank.items import Item

KEY = "right:"
LONGEST_REASON, LONGEST_KEY = 500, 1000
KINDS = ("withdraw", "rekey")


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """One response of an item, for the form of a new key: choices to tick, or lines to write where there are none."""

    name: str
    choices: list[tuple[str, str]]
    right: list[str]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One affected sitting."""

    learner: str
    address: str
    occasion: str
    before: float
    after: float
    passed_before: bool
    passed_after: bool
    outcome: str
    credential: str


def responses_of(item: Item) -> list[Response]:
    """What a new key must say; empty for an item that is scored by a rule and not by right values alone."""
    if item.scoring.rule != "match_correct":
        return []
    by_response = {part.response: part for part in item.content.interactions if part.response}
    found = []
    for declared in item.scoring.responses:
        part = by_response.get(declared.identifier)
        alone = part is not None and part.choices and not part.targets
        choices = [(choice.key, choice.content or choice.key) for choice in part.choices] if part and alone else []
        found.append(Response(name=declared.identifier, choices=choices, right=list(declared.correct)))
    return found


def asked_of(form: Form, *, hold_harmless: bool) -> Asked:
    """What the form asks.

    Raises:
        EngineError: when the kind or the reason is missing.
    """
    kind, reason = form.one("kind"), form.one("reason")
    if kind not in KINDS:
        raise EngineError("Choose whether the item is withdrawn or its key corrected.")
    if not 3 <= len(reason) <= LONGEST_REASON:
        raise EngineError(f"Give the reason in 3 to {LONGEST_REASON} characters; it stays in the record.")
    return Asked(
        bank=form.one("bank")[:63], item=form.texts.get("item", [""])[0][:200], reason=reason,
        kind="rekey" if kind == "rekey" else "withdraw", hold_harmless=hold_harmless,
        key=_key(form) if kind == "rekey" else {},
    )  # fmt: skip


def _key(form: Form) -> dict[str, tuple[str, ...]]:
    """Right values by response: boxes that were ticked, or the lines of a text."""
    found = {}
    for name, texts in form.texts.items():
        if name.startswith(KEY):
            values = [line.strip() for text in texts for line in text[:LONGEST_KEY].splitlines()]
            found[name.removeprefix(KEY)] = tuple(value for value in values if value)
    return {response: values for response, values in found.items() if values}


def lines_of(
    harmless: Preview, strict: Preview, names: Mapping[str, str], language: Language
) -> list[tuple[Line, Line]]:
    """Each affected sitting twice: learners held harmless, and not; those whose decision turns come first."""
    pairs = zip(harmless.affected, strict.affected)
    lines = [(_line(kept, names, language), _line(turned, names, language)) for kept, turned in pairs]
    return sorted(lines, key=lambda pair: (pair[1].outcome == "same", pair[1].learner))


def _line(one: Rescored, names: Mapping[str, str], language: Language) -> Line:
    return Line(
        learner=names.get(one.learner, one.learner), address=f"/advisor/learners/{one.learner}",
        occasion=occasion_name(one.before.occasion, language), before=one.before.percent, after=one.after.percent,
        passed_before=one.before.passed, passed_after=one.after.passed, outcome=one.outcome,
        credential=one.credential,
    )  # fmt: skip
