"""The finished report in the words of a language."""

from typing import Any

from engine.gap_report.next_step import NextStep
from engine.gap_report.report import CompetencyPart, GapReport
from engine.messages import Language, Message, message, say


def rendered(report: GapReport, language: Language = "en") -> dict[str, Any]:
    """Every sentence of the report in a language, for a page or a print-out."""
    return {
        "overall": say(message("gap.overall", percent=round(report.percent), cut=round(report.cut_percent)), language),
        "parts": [_part(part, language) for part in report.parts],
        "next_steps": [_step(report, step, language) for step in report.next_steps],
        "next_attempt": say(report.next_attempt, language),
    }


def _step(report: GapReport, step: NextStep, language: Language) -> dict[str, str]:
    """The competency, and why to learn it next: what builds on it, or what it does for the chance of passing."""
    why = _why(report, step)
    return {"competency": _title(report, step.competency), "why": say(why, language) if why else ""}


def _why(report: GapReport, step: NextStep) -> Message | None:
    if step.prerequisite_of:
        return message("gap.step_first", competency=_title(report, step.prerequisite_of))
    before, after = (round(100 * p) for p in (step.probability_before, step.probability_before + step.gain))
    return message("gap.step_moves", before=before, after=after) if after > before else None


def _title(report: GapReport, key: str) -> str:
    return next((part.title for part in report.parts if part.competency == key), key)


def _part(part: CompetencyPart, language: Language) -> dict[str, str]:
    said = {
        "competency": part.title,
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
