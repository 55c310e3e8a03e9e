"""All that a result is made of, on the page and in print."""

from typing import Any
from uuid import UUID

from markupsafe import Markup

from api.charts import band
from api.pages.words import translator
from engine.decisions import Decision
from engine.errors import Unknown
from engine.gap_report.report import CompetencyPart, GapReport
from engine.messages import Language
from engine.standing import Sitting
from engine.storage import credits, sessions
from engine.workflows.open_attempt import AttemptView, view_of
from engine.workflows.report_gaps import gap_report_of
from engine.workflows.shelf import Shelf
from engine.workflows.take_session import own_attempt
from itembank.records import Record
from itembank.storage import accounts, institutions
from itembank.storage.accounts import Caller, Person
from itembank.storage.database import Database
from itembank.storage.institutions import Institution

NINE_IN_TEN = 1.645
GROUPS = (("shown", ("met", "likely_met")), ("not_yet", ("not_yet",)), ("unknown", ("not_enough_evidence",)))


class Found(Record, frozen=True, kw_only=True):
    """A learner's result so far: the report, the last sitting with its decision, the credit, and whose it is."""

    view: AttemptView
    report: GapReport
    last: Sitting
    decision: Decision
    reason: str
    credit: credits.Credit | None
    person: Person
    institution: Institution


class PartShown(Record, frozen=True, kw_only=True):
    """One competency: its sentences, its strip, and the range in words."""

    name: str
    state: str
    said: dict[str, str]
    strip: Markup
    is_changed: bool
    percent: int
    low: int
    high: int
    cut: int


async def find_result(database: Database, shelf: Shelf, caller: Caller, uuid: UUID) -> Found:
    """The result of an attempt, for its learner.

    Raises:
        Unknown: when the attempt is not this learner's, or nothing has been decided in it yet.
    """
    async with database.transaction(caller.institution_id) as connection:
        attempt = await own_attempt(connection, uuid, caller.account_id)
        now = await connection.fetchval("SELECT now()")
        view = await view_of(connection, shelf, attempt, now)
        report = await gap_report_of(connection, view.publication, attempt, view.events, now)
        last, decision = _last_decided(view)
        row = await sessions.find(connection, UUID(last.key))
        return Found(
            view=view, report=report, last=last, decision=decision, reason="" if row is None else row.reason or "",
            credit=await credits.of_attempt(connection, attempt.id),
            person=await accounts.person(connection, caller.account_id),
            institution=await institutions.get(connection, caller.institution_id),
        )  # fmt: skip


def _last_decided(view: AttemptView) -> tuple[Sitting, Decision]:
    for sitting in reversed(view.journey.sittings):
        if sitting.ended is not None and sitting.decision is not None:
            return sitting, sitting.decision
    raise Unknown("There is no finished sitting to report on yet; finish one first.")


def parts_shown(report: GapReport, said: dict[str, Any], spoken: Language) -> list[PartShown]:
    """The competencies with their strips and the sentences of the rendered report, in its order."""
    return [_part(part, words, spoken) for part, words in zip(report.parts, said["parts"])]


def _part(part: CompetencyPart, said: dict[str, str], spoken: Language) -> PartShown:
    t = translator(spoken)
    low, high = reach(part.percent, part.percent_error)
    values = {"percent": round(part.percent), "low": low, "high": high, "cut": round(part.cut_percent)}
    strip = band(
        part.title, t("result.strip", **values), part.percent, low, high, part.cut_percent,
        second=part.state == "not_yet", unsure=part.state == "not_enough_evidence",
    )  # fmt: skip
    is_changed = part.change is not None and part.change.reliable
    return PartShown(name=part.title, state=part.state, said=said, strip=strip, is_changed=is_changed, **values)


def lead(found: Found, spoken: Language) -> str:
    """The sentence under the verdict: where the answers lie, and what alone stood in the way."""
    t, decision = translator(spoken), found.decision
    if not decision.n_items:
        return t("result.nothing")
    said = t(f"result.words.{decision.words}")
    if decision.because:
        names = {part.competency: part.title for part in found.report.parts}
        because = ", ".join(names.get(key, key) for key in decision.because)
        return f"{said} {t('result.because', competencies=because)}"
    if not decision.passed and decision.words in ("above", "clearly_above"):
        return f"{said} {t('result.not_sure', percent=round(100 * decision.rule.at_least))}"
    return said


def how_decided(found: Found, spoken: Language) -> list[str]:
    """On what the decision rests, how sure it is, and by which versions it can be recomputed."""
    t, decision = translator(spoken), found.decision
    low, high = reach(decision.percent, decision.percent_error)
    return [
        t(
            "result.how", n=decision.n_items, percent=round(decision.percent), low=low, high=high,
            cut=round(decision.cut_percent),
        ),
        t("result.wrong", percent=max(round(100 * decision.decision_error), 1)),
        t(
            "result.versions", policy=decision.policy_version, assessment=found.view.publication.version.number,
            parameters=decision.parameter_version[:12],
        ),
    ]  # fmt: skip


def reach(percent: float, error: float) -> tuple[int, int]:
    """Where nine in ten such estimates lie, in whole percent."""
    return max(round(percent - NINE_IN_TEN * error), 0), min(round(percent + NINE_IN_TEN * error), 100)
