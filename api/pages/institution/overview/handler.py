"""The first page of the institution: what runs now, how the last weeks went, banks and assessments."""

from datetime import timedelta
from statistics import median
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency

from api.auth import roles
from api.pages.institution.overview.drift import drift_of
from api.pages.institution.stock import STAFF
from api.pages.looks import language
from api.pages.names import occasion_name
from api.pages.render import page
from engine.storage import cohorts, flags, health, overrides, shown_items
from engine.storage.health import SittingSeen
from engine.workflows.shelf import Shelf
from engine.workflows.spare_items import count_finished
from itembank.storage import bank_versions, banks
from itembank.storage import items as item_rows
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

WEEKS = 12
AT_WORK = timedelta(minutes=30)
FLAG_READERS = frozenset({"psychometrician", "registrar", "institution_admin"})


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the sittings of one occasion went. `at_work`: running, with an answer in the last half hour."""

    assessment: str
    occasion: str
    n_started: int
    at_work: int
    resting: int
    n_finished: int
    completion: int | None
    median_minutes: int | None
    median_questions: float | None
    passed: int | None


@get("/institution", opt=roles(*STAFF))
async def see_institution(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """Live health, banks, assessments."""
    async with database.transaction(caller.institution_id) as connection:
        await count_finished(connection, caller.institution_id, shelf)
        now = await connection.fetchval("SELECT now()")
        seen = await health.sittings(connection, now - timedelta(weeks=WEEKS))
        offered = await cohorts.assessments(connection)
        overridden = await overrides.every(connection)
        found = []
        keys: dict[int, str] = {}
        for bank in await banks.all_banks(connection):
            heads = await item_rows.heads(connection, bank.id)
            keys |= {head.id: key for key, head in heads.items()}
            states = [head.state for head in heads.values()]
            version = await bank_versions.latest(connection, bank.id)
            shown = [] if version is None else await shown_items.most(connection, version)
            found.append((bank, {state: states.count(state) for state in dict.fromkeys(states)}, shown))
        drift = [drift_of(run, keys) for run in await flags.latest_runs(connection)]
    groups: dict[tuple[str, str], list[SittingSeen]] = {}
    for sitting in seen:
        groups.setdefault((sitting.assessment, sitting.occasion), []).append(sitting)
    spoken = language(request)
    return page(
        request, "institution/overview/page.html", banks=found, offered=offered, overridden=overridden, weeks=WEEKS,
        health=[health_of(key, name, group, now) for (key, name), group in groups.items()],
        titles={one.key: one.policy.title for one in offered}, name_of=lambda key: occasion_name(key, spoken),
        drift=drift, may_see_flags=bool(caller.roles & FLAG_READERS),
    )  # fmt: skip


def health_of(assessment: str, occasion: str, sittings: list[SittingSeen], now: Any) -> Health:
    """The figures of one occasion. Completion leaves out those who may still be at work."""
    finished = [one for one in sittings if one.finished_at is not None]
    running = [one for one in sittings if one.finished_at is None]
    at_work = sum(now - (one.last_answer_at or one.started_at) <= AT_WORK for one in running)
    over = len(sittings) - at_work
    minutes = [
        ((one.finished_at or now) - one.started_at).total_seconds() / 60
        for one in finished
        if one.reason != "ended_by_learner"
    ]
    decided = [one.outcome for one in finished if one.outcome]
    return Health(
        assessment=assessment, occasion=occasion, n_started=len(sittings), at_work=at_work,
        resting=len(running) - at_work, n_finished=len(finished),
        completion=round(100 * len(finished) / over) if over else None,
        median_minutes=round(median(minutes)) if minutes else None,
        median_questions=median([one.n_answers for one in finished]) if finished else None,
        passed=round(100 * sum(bool(outcome.get("passed")) for outcome in decided) / len(decided)) if decided else None,
    )  # fmt: skip
