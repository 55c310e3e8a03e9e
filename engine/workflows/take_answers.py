"""Take answers that wait together: known sittings by one statement, all others while their rows are held.

A sitting that moved here before is known: its next step is worked out from memory, and written by a statement that
takes the answer only where the row still stands at that position, running and in time. Whatever that statement leaves,
and whatever ends a sitting, is worked out again while the row is locked. What is odd is left to `take_session`.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
from cachetools import LRUCache

from engine.delivery import ShownItem, eligible_items
from engine.errors import EngineError
from engine.policies.records import occasion_of
from engine.pretest import or_pretest, pretest_items
from engine.progress import Progress, sitting_at
from engine.selection.next_item import NextItem, step_and_estimate
from engine.sessions import GRACE, SessionRow, check_turn, time_is_up
from engine.storage import answers
from engine.storage.answers import Moved, Taken
from engine.workflows.end_together import Ending, end_together
from engine.workflows.shelf import Publication, Shelf
from engine.workflows.show_sitting import Step
from engine.workflows.take_session import score_last, shown_item
from engine.workflows.waiting import Waiting
from itembank.errors import BankError
from itembank.storage.database import Connection, Database

CAPACITY = 6000


class Place(NamedTuple):
    """Where a sitting stands: its row as last seen, its publication, its progress."""

    session: SessionRow
    publication: Publication
    progress: Progress


class Ready(NamedTuple):
    """An answer worked out: what to write, and the place that it moves on from."""

    waiting: Waiting
    moved: Moved
    place: Place


End = tuple[Waiting, Ending]


class WorkedOut(NamedTuple):
    """The answers of a batch by what follows from them; `left` has to be dealt with in another way."""

    ready: list[Ready]
    ending: list[End]
    left: list[Waiting]

    def sort(self, waiting: Waiting, done: Ready | Ending | None) -> None:
        """Put an answer where it belongs; one whose sender has been told already belongs nowhere."""
        if isinstance(done, Ready):
            self.ready.append(done)
        elif isinstance(done, Ending):
            self.ending.append((waiting, done))
        elif not waiting.promise.done():
            self.left.append(waiting)


class Taking:
    """Takes batches of answers, no two of one sitting in a batch. It keeps nothing that another process needs."""

    def __init__(self, database: Database, shelf: Shelf) -> None:
        self._database = database
        self._shelf = shelf
        self._known: LRUCache[int, Place] = LRUCache(CAPACITY)

    def knows(self, session_uuid: UUID) -> bool:
        """Whether the next step of a sitting can be worked out before its row is held."""
        place = self._known.get(session_uuid.int)
        return place is not None and not place.publication.plans[place.session.occasion].watches_time

    def work_out(self, batch: Sequence[Waiting]) -> WorkedOut:
        """What moves known sittings on, what ends them, and what has to be taken while the rows are held."""
        done = WorkedOut([], [], [])
        for waiting in batch:
            done.sort(waiting, _try(waiting, self._known.get(waiting.session_uuid.int)))
        return done

    async def take_known(self, institution_id: int, ready: Sequence[Ready]) -> list[Waiting]:
        """Write what moves known sittings on; returns what did not stand where it was remembered."""
        taken = await answers.take(self._database, institution_id, [done.moved for done in ready], GRACE)
        return self._move_on(ready, taken)

    async def take_held(self, institution_id: int, batch: Sequence[Waiting]) -> list[Waiting]:
        """Lock, work out, write, commit; only then keep the promises. Returns what has to be dealt with alone."""
        done = WorkedOut([], [], [])
        async with self._database.transaction(institution_id, answers.PLANNER) as connection:
            places = await self._locate(connection, [waiting.session_uuid for waiting in batch])
            for waiting in batch:
                done.sort(waiting, _try(waiting, places.get(waiting.session_uuid.int)))
            moves, ends = [ready.moved for ready in done.ready], [ending for _, ending in done.ending]
            taken = await answers.take(connection, institution_id, moves, GRACE) if moves else {}
            ended = await end_together(connection, institution_id, ends) if ends else {}
        return done.left + self._move_on(done.ready, taken) + self._end(done.ending, ended)

    async def take_ends(self, institution_id: int, ending: Sequence[End]) -> list[Waiting]:
        """Write what ends known sittings; returns what needs more, or did not stand where it was remembered."""
        return self._end(ending, await end_together(self._database, institution_id, [end for _, end in ending]))

    def _move_on(self, ready: Sequence[Ready], taken: dict[int, Taken]) -> list[Waiting]:
        """Tell what followed the answers that were taken; returns the others."""
        left = []
        for done in ready:
            became = taken.get(done.moved.session_id)
            if became is None:
                left.append(done.waiting)
                continue
            place = _after(done, became)
            self._known[done.waiting.session_uuid.int] = place
            done.waiting.keep(_step(place))
        return left

    def _end(self, ending: Sequence[End], ended: dict[int, Step]) -> list[Waiting]:
        """Tell how their sittings ended; returns those that need more than ending together."""
        left = []
        for waiting, end in ending:
            self._known.pop(waiting.session_uuid.int, None)
            step = ended.get(end.session.id)
            if step is None:
                left.append(waiting)
            else:
                waiting.keep(step)
        return left

    async def _locate(self, connection: Connection, uuids: Sequence[UUID]) -> dict[int, Place]:
        """The places of held sittings, their progress from memory or from the database."""
        locked = await answers.lock(connection, uuids)
        progress = {number: self._progress(number, row.session) for number, row in locked.items()}
        unknown = [row.session for number, row in locked.items() if progress[number] is None]
        shown = await answers.administered(connection, [session.id for session in unknown]) if unknown else {}
        seen = await answers.seen_earlier(connection, unknown) if unknown else {}
        places = {}
        for number, row in locked.items():
            session = row.session
            publication = await self._shelf.publication(connection, row.assessment_version_id)
            known = progress[number]
            if known is None:
                eligible = eligible_items(publication.bank, seen[session.id], session.pool)
                pretest = pretest_items(publication.bank, seen[session.id], session.pool)
                known = Progress(tuple(shown[session.id]), eligible, pretest)
            places[number] = Place(session, publication, known)
        return places

    def _progress(self, number: int, session: SessionRow) -> Progress | None:
        """What is known of a sitting at the position where its row stands: a history only ever grows."""
        place = self._known.get(number)
        return None if place is None or place.progress.position != session.position else place.progress


def _try(waiting: Waiting, place: Place | None) -> Ready | Ending | None:
    """What follows from an answer; a refusal is told at once."""
    try:
        return None if place is None else _work_out(waiting, place)
    except (EngineError, BankError) as error:
        waiting.break_off(error)
        return None


def _work_out(waiting: Waiting, place: Place) -> Ready | Ending | None:
    """What follows from the answer; None when it has to be dealt with otherwise.

    Raises:
        ReusedId, AlreadyAnswered, OutOfTurn, AnswerInvalid.
    """
    session, publication, progress = place
    if session.account_id != waiting.account_id or not session.on_screen or session.finished_at or time_is_up(session):
        return None
    bank = publication.bank
    given = waiting.read(bank.items[progress.shown[-1].bank_position].content)
    if given.position != session.position or check_turn(session, progress.shown, given) is not None:
        return None
    answered = score_last(publication, progress.shown, given, session.now)
    progress = progress.after(answered)
    plan, sitting = publication.plans[session.occasion], sitting_at(session, progress)
    chosen, theta, sem = step_and_estimate(plan, sitting)
    if not isinstance(chosen, NextItem):
        return Ending(session=session, publication=publication, shown=progress.shown, reason=chosen.reason)
    seeded = or_pretest(plan.design, bank, session.uuid.hex, progress.shown, progress.pretest, chosen)
    following = shown_item(publication, len(progress.shown), seeded, session.now)
    moved = Moved(
        session_id=session.id, account_id=session.account_id, answered=answered, following=following, theta=theta,
        sem=sem,
    )  # fmt: skip
    return Ready(waiting, moved, place)


def _after(done: Ready, taken: Taken) -> Place:
    """Where the sitting stands once the answer is taken, by the clock of the database."""
    _, moved, (session, publication, progress) = done
    answered = msgspec.structs.replace(moved.answered, answered_at=taken.moment)
    following = msgspec.structs.replace(moved.following, shown_at=taken.moment)
    row = msgspec.structs.replace(
        session, position=following.position, theta=moved.theta, sem=moved.sem, deadline=taken.deadline,
        now=taken.moment,
    )  # fmt: skip
    return Place(row, publication, progress.after(answered).showing(following))


def _step(place: Place) -> Step:
    session, publication, progress = place
    following = progress.shown[-1]
    item = publication.bank.items[following.bank_position]
    return Step(
        session=session,
        publication=publication,
        occasion=occasion_of(publication.version.policy, session.occasion),
        item=ShownItem(position=following.position, item=item.key, content=item.content),
    )
