"""The report in words: which sentence says what, with values that never contradict the state."""

import math
from typing import TYPE_CHECKING, Any

from engine.gap_report.states import State
from engine.journey import Journey
from engine.messages import Language, Message, message, say
from engine.subscores import SubscoreWorth
from itembank.competencies import Competency

if TYPE_CHECKING:
    from engine.gap_report.next_step import NextStep
    from engine.gap_report.report import CompetencyPart, GapReport


def gap(state: State, percent: float, cut_percent: float) -> Message:
    """About how many of how many items, and how many are needed; finer when coarse numbers would hide the gap."""
    for whole in (10, 20, 100):
        shown, needed = round(percent * whole / 100), math.ceil(cut_percent * whole / 100 - 1e-9)
        if (shown >= needed) == (percent >= cut_percent):
            break
    return message(f"gap.{state}", shown=shown, whole=whole, needed=needed)


def basis(n_answers: int) -> Message:
    """How many answers the judgement rests on."""
    return message("gap.basis" if n_answers else "gap.basis_borrowed", n=n_answers)


def meaning(competency: Competency, stem: str) -> Message | None:
    """What the required level means: a can-do statement, or an open example."""
    if competency.can_do:
        return message("gap.can_do", statement=competency.can_do[0])
    return message("gap.example", stem=stem) if stem else None


def worth_said(worth: SubscoreWorth) -> Message | None:
    """Nothing when the subscore adds something; otherwise that it does not."""
    return None if worth.adds_value else message("gap.no_added_value")


def next_attempt(journey: Journey) -> Message:
    """When the next attempt opens, or what opens it."""
    if journey.credit is not None or journey.credit_due:
        return message("gap.next_credit")
    if journey.state in ("exhausted", "closed"):
        return message("gap.next_never")
    if any(permission.action in ("start", "continue") for permission in journey.may):
        return message("gap.next_now")
    if journey.opens is not None:
        return message("gap.next_date", when=journey.opens)
    return message("gap.next_action")


def rendered(report: "GapReport", language: Language = "en") -> dict[str, Any]:
    """Every sentence of the report in a language, for a page or a print-out."""
    return {
        "overall": say(message("gap.overall", percent=round(report.percent), cut=round(report.cut_percent)), language),
        "parts": [_part(part, language) for part in report.parts],
        "next_steps": [say(_step(report, step), language) for step in report.next_steps],
        "next_attempt": say(report.next_attempt, language),
    }


def _step(report: "GapReport", step: "NextStep") -> Message:
    before = round(100 * step.probability_before)
    after = round(100 * (step.probability_before + step.gain))
    kind = "step_prerequisite" if step.prerequisite_of else "step" if after > before else "step_small"
    return message(
        f"gap.{kind}",
        competency=_statement(report, step.competency),
        needed_for=_statement(report, step.prerequisite_of),
        before=before,
        after=after,
    )


def _statement(report: "GapReport", key: str) -> str:
    return next((part.statement for part in report.parts if part.competency == key), key)


def _part(part: "CompetencyPart", language: Language) -> dict[str, str]:
    said = {
        "competency": part.statement,
        "state": say(message(f"state.{part.state}"), language),
        "gap": say(part.gap, language),
        "basis": say(part.basis, language),
    }
    if part.meaning:
        said["meaning"] = say(part.meaning, language)
    if part.worth:
        said["worth"] = say(part.worth, language)
    if part.change:
        kind = "unclear" if not part.change.reliable else "better" if part.change.change > 0 else "worse"
        values = {"points": abs(round(part.change.percent_change))}
        said["change"] = say(message(f"gap.change_{kind}", **values), language)
    return said
