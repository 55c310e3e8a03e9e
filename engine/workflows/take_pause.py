"""Take a granted pause in a running sitting, and go on: the clock stands meanwhile."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from engine.errors import OnPaper, SittingOver, Unknown
from engine.events import Event, PauseEnded, PauseTaken
from engine.pauses import pauses_left, pauses_of, running, seconds_added
from engine.sessions import SessionRow, time_is_up
from engine.standing import read_log
from engine.storage import attempts, sessions
from engine.workflows import journal
from engine.workflows.shelf import Shelf
from itembank.records import Record
from itembank.storage.database import Connection, Database


class Resting(Record, frozen=True, kw_only=True):
    """Whether a pause is on and until when at the latest; how many more may be taken, of how many minutes."""

    until: datetime | None
    pauses_left: int
    minutes: int


async def take_pause(
    database: Database, shelf: Shelf, institution_id: int, account_id: int, session_uuid: UUID
) -> Resting:
    """Begin a pause; one that is on already stays as it is.

    Raises:
        Unknown, SittingOver, OnPaper: when there is nothing to pause. JourneyRefused: when no pause is left.
    """
    async with database.transaction(institution_id) as connection:
        row = await _running(connection, account_id, session_uuid)
        now = await attempts.lock(connection, row.attempt_id)
        _, events = await journal.read(connection, row.attempt_id)
        before = _resting(events, row, now)
        if before.until is not None:
            return before
        attempt = await attempts.get(connection, row.attempt_id)
        policy = (await shelf.publication(connection, attempt.assessment_version_id)).version.policy
        added = seconds_added(read_log(events).accommodation, pauses_of(events, str(row.uuid)), now)
        taken = PauseTaken(at=now, sitting=str(row.uuid), minutes=max(before.minutes, 1), seconds=added)
        events = await journal.append(connection, institution_id, row.attempt_id, policy, [taken], account_id)
        if row.deadline is not None:
            await sessions.extend(connection, row.id, row.deadline + timedelta(seconds=added))
        begun = _resting(events, row, now)
        await sessions.set_paused_until(connection, row.id, begun.until)
        return begun


async def end_pause(
    database: Database, shelf: Shelf, institution_id: int, account_id: int, session_uuid: UUID
) -> Resting:
    """Go on; without a pause nothing changes.

    Raises:
        Unknown, SittingOver: when the sitting is not this learner's, or is over.
    """
    async with database.transaction(institution_id) as connection:
        row = await _running(connection, account_id, session_uuid)
        now = await attempts.lock(connection, row.attempt_id)
        _, events = await journal.read(connection, row.attempt_id)
        if _resting(events, row, now).until is not None:
            attempt = await attempts.get(connection, row.attempt_id)
            policy = (await shelf.publication(connection, attempt.assessment_version_id)).version.policy
            ended = PauseEnded(at=now, sitting=str(row.uuid))
            events = await journal.append(connection, institution_id, row.attempt_id, policy, [ended], account_id)
            await sessions.set_paused_until(connection, row.id, None)
        return _resting(events, row, now)


async def find_pause(connection: Connection, row: SessionRow) -> Resting:
    """Where pauses of a sitting stand. Looking changes nothing."""
    _, events = await journal.read(connection, row.attempt_id)
    return _resting(events, row, row.now)


async def _running(connection: Connection, account_id: int, session_uuid: UUID) -> SessionRow:
    row = await sessions.lock(connection, session_uuid)
    if row is None or row.account_id != account_id:
        raise Unknown("There is no such sitting of yours.")
    if row.finished_at is not None or time_is_up(row):
        raise SittingOver("This sitting has ended; there is nothing to pause.")
    if not row.on_screen:
        raise OnPaper("This sitting is on paper or with an assessor, where no clock of ours runs.")
    return row


def _resting(events: Sequence[Event], row: SessionRow, now: datetime) -> Resting:
    granted, pauses = read_log(events).accommodation, pauses_of(events, str(row.uuid))
    on = running(pauses, now)
    return Resting(
        until=None if on is None else on.until, pauses_left=pauses_left(granted, pauses), minutes=granted.pause_minutes
    )
