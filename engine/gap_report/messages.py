"""What the report says, as messages: which sentence with which values, never contradicting the state."""

import math
from collections.abc import Mapping

from engine.gap_report.levels import can_do
from engine.gap_report.states import State
from engine.journey import Journey
from engine.messages import Message, message
from engine.subscores import SubscoreWorth
from itembank.competencies import Competency


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


def meaning(competency: Competency, stem: str, cut_theta: float, difficulty: Mapping[str, float]) -> Message | None:
    """What the required level means: the can-do statement of that level, or an open example."""
    example = message("gap.example", stem=stem) if stem else None
    return can_do(competency, cut_theta, difficulty) or example


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
