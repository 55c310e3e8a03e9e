"""The record of a learner on paper: credits, then every sitting with its decision."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from api.pages.names import occasion_name
from api.pages.results import NINE_IN_TEN
from api.pages.words import day, moment_in_words, number, translator
from api.prints.typesetting import Sheet
from engine.messages import Language
from engine.policies.records import zone_of
from engine.standing import Sitting
from engine.storage import attempts, credits
from engine.storage.credits import Credit
from engine.workflows.open_attempt import AttemptView, view_of
from engine.workflows.shelf import Shelf
from itembank.records import Record
from itembank.storage import accounts, institutions
from itembank.storage.accounts import Person
from itembank.storage.database import Database
from itembank.storage.institutions import Institution


class LearnerRecord(Record, frozen=True, kw_only=True):
    """Everything that the record of a learner is made of."""

    person: Person
    institution: Institution
    credits: list[Credit]
    views: list[AttemptView]


async def find_record(database: Database, shelf: Shelf, institution_id: int, account_id: int) -> LearnerRecord:
    """Everything about a learner; whoever asks has been let through."""
    async with database.transaction(institution_id) as connection:
        now: datetime = await connection.fetchval("SELECT now()")
        return LearnerRecord(
            person=await accounts.person(connection, account_id),
            institution=await institutions.get(connection, institution_id),
            credits=await credits.of_account(connection, account_id),
            views=[
                await view_of(connection, shelf, attempt, now)
                for attempt in await attempts.of_account(connection, account_id)
            ],
        )


def record_sheet(found: LearnerRecord, spoken: Language) -> Sheet:
    """The sheet, dated by the last thing that stands on it, so that an unchanged record is an unchanged file."""
    t = translator(spoken)
    titles = {view.publication.version.policy.key: view.publication.version.policy.title for view in found.views}
    valid = [credit for credit in found.credits if credit.revoked_at is None]
    total = sum((credit.hours for credit in valid), Decimal(0))
    dated = _last(found)
    return Sheet(
        template="record.typ", language=spoken, title=t("record.title"), author=found.institution.name, dated=dated,
        values={
            "whose": f"{found.person.name} · {found.institution.name}",
            "as_of": t("record.as_of", when=day(spoken, dated)),
            "credits_heading": t("record.credits"),
            "credits": {
                "head": [t(f"record.{key}") for key in ("assessment", "hours", "grade", "awarded", "receipt")],
                "rows": [_credit(credit, titles, spoken) for credit in found.credits],
                "total": t("record.total", n=float(total)) if valid else t("record.no_credit"),
            },
            "sittings_heading": t("record.sittings"),
            "attempts": [_attempt(view, spoken) for view in found.views],
            "empty": t("my.empty"),
            "note": t("record.note"),
        },
    )  # fmt: skip


def _last(found: LearnerRecord) -> datetime:
    moments = [credit.revoked_at or credit.awarded_at for credit in found.credits]
    moments += [view.attempt.created_at for view in found.views]
    moments += [sitting.ended for view in found.views for sitting in view.journey.sittings if sitting.ended is not None]
    return max(moments, default=datetime.fromisoformat("1970-01-01T00:00:00+00:00"))


def _credit(credit: Credit, titles: dict[str, str], spoken: Language) -> list[str]:
    t = translator(spoken)
    name = titles.get(credit.assessment_key, credit.assessment_key)
    if credit.revoked_at is not None:
        name = f"{name} ({t('record.revoked', when=day(spoken, credit.revoked_at))})"
    return [
        name,
        number(spoken, float(credit.hours), 2),
        credit.grade,
        day(spoken, credit.awarded_at),
        str(credit.uuid),
    ]


def _attempt(view: AttemptView, spoken: Language) -> dict[str, Any]:
    t = translator(spoken)
    return {
        "title": view.publication.version.policy.title,
        "head": [t(f"record.{key}") for key in ("sitting", "taken", "answers", "score", "needed", "decision")],
        "rows": [_sitting(sitting, view, spoken) for sitting in view.journey.sittings if sitting.ended is not None],
        "none": t("record.no_sitting"),
        "versions": t("record.policy", version=view.publication.version.policy.version),
    }


def _sitting(sitting: Sitting, view: AttemptView, spoken: Language) -> list[str]:
    t, decision = translator(spoken), sitting.decision
    when = moment_in_words(spoken, sitting.started.astimezone(zone_of(view.publication.version.policy)))
    name = occasion_name(sitting.occasion, spoken)
    if sitting.voided:
        return [name, when, "–", "–", "–", t("record.voided")]
    if decision is None:
        return [name, when, "–", "–", "–", "–"]
    said = t("attempt.passed") if decision.passed else t("attempt.not_passed")
    score = f"{round(decision.percent)} % (± {round(NINE_IN_TEN * decision.percent_error)})"
    return [name, when, str(decision.n_items), score, f"{round(decision.cut_percent)} %", said]
