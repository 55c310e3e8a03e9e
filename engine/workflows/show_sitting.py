"""Show where a sitting stands: the item on screen or the decision. Looking changes nothing."""

from uuid import UUID

import msgspec

from engine.decisions import Decision
from engine.delivery import (
    ShownItem,
)
from engine.errors import Unknown
from engine.policies.records import Occasion, occasion_of
from engine.sessions import (
    SessionRow,
    check_on_screen,
)
from engine.storage import attempts, sessions
from engine.workflows.shelf import Publication, Shelf
from itembank.records import Record
from itembank.storage.database import Connection, Database


class Step(Record, frozen=True, kw_only=True):
    """Where a sitting stands after a step: the item on screen, or the decision."""

    session: SessionRow
    publication: Publication
    occasion: Occasion
    item: ShownItem | None = None
    decision: Decision | None = None
    is_new: bool = True


async def find_session(
    database: Database, shelf: Shelf, institution_id: int, account_id: int, session_uuid: UUID
) -> Step:
    """Where a sitting stands; looking changes nothing.

    Raises:
        Unknown: when it is not this learner's.
    """
    async with database.transaction(institution_id) as connection:
        session = await sessions.find(connection, session_uuid)
        if session is None or session.account_id != account_id:
            raise Unknown("There is no such sitting of yours.")
        check_on_screen(session)
        attempt = await attempts.get(connection, session.attempt_id)
        publication = await shelf.publication(connection, attempt.assessment_version_id)
        return await step_of(connection, publication, session, is_new=False)


async def step_of(connection: Connection, publication: Publication, session: SessionRow, *, is_new: bool) -> Step:
    """Where a sitting stands, as its learner is told."""
    occasion = occasion_of(publication.version.policy, session.occasion)
    if session.finished_at is not None:
        decision = msgspec.convert(session.outcome, Decision)
        return Step(session=session, publication=publication, occasion=occasion, decision=decision, is_new=is_new)
    last = (await sessions.administered(connection, session.id))[-1]
    item = publication.bank.items[last.bank_position]
    draft = await sessions.draft(connection, session.id, last.position)
    shown = ShownItem(position=last.position, item=item.key, content=item.content, draft=draft)
    return Step(session=session, publication=publication, occasion=occasion, item=shown, is_new=is_new)
