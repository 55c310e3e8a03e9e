"""Erase a learner who asked for it: no byte says any more who it was, and every decision can still be recomputed."""

from uuid import UUID

from engine.erasure import holds_own_words
from engine.errors import EngineError, Unknown
from engine.storage import attempts as attempt_rows
from engine.storage import cohorts, erasures, sessions
from itembank.records import Record
from itembank.storage import accounts
from itembank.storage.database import Database

ASKED = "erasure_asked_at"


class NotAsked(EngineError):
    """Nobody is erased who has not asked for it."""


class Erased(Record, frozen=True, kw_only=True):
    """What was done: how many answers in the learner's own words were emptied."""

    learner: UUID
    answers_emptied: int


async def ask_erasure(database: Database, institution_id: int, account_id: int, *, withdraw: bool = False) -> None:
    """Write down that the account asks to be erased, or no longer does."""
    async with database.transaction(institution_id) as connection:
        now = await connection.fetchval("SELECT now()")
        needs = dict((await accounts.person(connection, account_id)).needs)
        needs.pop(ASKED, None)
        if not withdraw:
            needs[ASKED] = now.isoformat()
        await accounts.set_needs(connection, account_id, needs)


async def erase_person(database: Database, institution_id: int, learner: UUID) -> Erased:
    """Carry it out.

    Raises:
        Unknown: when there is no such learner here.
        NotAsked: when the learner has not asked, or took it back.
        EngineError: while a sitting runs.
    """
    async with database.transaction(institution_id) as connection:
        account_id = await cohorts.learner(connection, learner)
        if account_id is None:
            raise Unknown("There is no such learner here.")
        if await erasures.asked_at(connection, account_id) is None:
            raise NotAsked("This learner has not asked to be erased, or took it back.")
        for attempt in await attempt_rows.of_account(connection, account_id):
            if any(row.finished_at is None for row in await sessions.of_attempt(connection, attempt.id)):
                raise EngineError("A sitting of this learner is running; wait for its end, or have it struck first.")
        typed = [
            (one.session_id, one.position)
            for one in await erasures.answers(connection, account_id)
            if holds_own_words(one.content, one.answer)
        ]
        emptied = await erasures.erase_words(connection, account_id, typed)
        await erasures.forget(connection, account_id)
    return Erased(learner=learner, answers_emptied=emptied)
