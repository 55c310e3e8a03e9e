"""The desk where answers are taken: those that wait together are written together, in one transaction.

An answer is acknowledged only after the commit that holds it. Sittings that end are decided in the same transaction
(`end_together`); answers sent again and everything unusual go the ordinary way (`take_session.answer_item`), each in a
transaction of its own, so that one odd answer never troubles the others. The desk keeps nothing that another process
needs: what it remembers of a sitting is used only if the locked row stands where it was remembered.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from uuid import UUID

import msgspec

from engine.delivery import ShownItem, eligible_items
from engine.errors import EngineError
from engine.policies.records import occasion_of
from engine.pretest import or_pretest, pretest_items
from engine.progress import Kept, Progress, sitting_at
from engine.selection.next_item import NextItem, step_and_estimate
from engine.sessions import Administered, Given, SessionRow, check_turn, time_is_up
from engine.storage import answers
from engine.storage.answers import Moved
from engine.workflows.end_together import Ending, end_together
from engine.workflows.shelf import Publication, Shelf
from engine.workflows.show_sitting import Step
from engine.workflows.take_session import answer_item, score_last, shown_item
from itembank.errors import BankError
from itembank.items import ItemContent
from itembank.storage.database import Connection, Database, DatabaseUnavailable

LANES, LANES_EACH = 3, 2
LARGEST_BATCH = 128
LONGEST_QUEUE = 2000
LONGEST_WAIT = 5.0

_Place = tuple[SessionRow, Publication, Progress]
Reader = Callable[[ItemContent], Given]
"""How to read what was sent, once the item it answers is known."""


class Waiting(msgspec.Struct, eq=False):
    """An answer that waits to be written, and the promise made to its sender."""

    institution_id: int
    account_id: int
    session_uuid: UUID
    read: Reader
    until: float
    promise: asyncio.Future[Step]

    def keep(self, step: Step) -> None:
        if not self.promise.done():
            self.promise.set_result(step)

    def break_off(self, error: BaseException) -> None:
        if not self.promise.done():
            self.promise.set_exception(error)


class _Ready(msgspec.Struct, eq=False):
    """An answer worked out while its row is held: what to write and what its sender will be told."""

    moved: Moved
    progress: Progress
    step: Step


class _Batch:
    """What becomes of the answers of one transaction."""

    def __init__(self) -> None:
        self.ready: list[tuple[Waiting, _Ready]] = []
        self.ending: list[tuple[Waiting, Ending]] = []
        self.alone: list[Waiting] = []

    def take(self, waiting: Waiting, place: _Place | None) -> None:
        """Work an answer out, and tell its sender at once when it is refused."""
        try:
            done = None if place is None else _work_out(waiting, *place)
        except (EngineError, BankError) as error:
            waiting.break_off(error)
            return
        if done is None:
            self.alone.append(waiting)
        elif isinstance(done, Ending):
            self.ending.append((waiting, done))
        else:
            self.ready.append((waiting, done))

    async def write(self, connection: Connection, institution_id: int) -> dict[int, Step]:
        """Write all of it; what the senders of last answers will be told, by session id."""
        moves = [done.moved for _, done in self.ready]
        if moves and await answers.write(connection, institution_id, moves) != len(moves):
            raise RuntimeError("A sitting moved although its row was held.")
        if not self.ending:
            return {}
        return await end_together(connection, institution_id, [ending for _, ending in self.ending])


class AnswerDesk:
    """Takes answers for one database: at most LANES transactions at a time, LANES_EACH for one institution.

    The first answer opens a lane at once. While its batch is being written, a second lane opens when as many answers
    wait as are under way: few and large transactions when many answer, and the program works while the disk does.
    """

    def __init__(self, database: Database, shelf: Shelf) -> None:
        self._database = database
        self._shelf = shelf
        self._kept = Kept()
        self._queues: dict[int, deque[Waiting]] = {}
        self._under_way: dict[int, list[int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._n_waiting = 0

    async def answer(self, institution_id: int, account_id: int, session_uuid: UUID, read: Reader) -> Step:
        """Take an answer and show the next item, or end the sitting and decide it; see `take_session.answer_item`.

        Raises:
            DatabaseUnavailable: when too many answers wait already.
        """
        if self._n_waiting >= LONGEST_QUEUE:
            raise DatabaseUnavailable("Too many answers are waiting; please send it again in a moment.", 1)
        loop = asyncio.get_running_loop()
        promise = loop.create_future()
        queue = self._queues.setdefault(institution_id, deque())
        until = loop.time() + LONGEST_WAIT
        queue.append(Waiting(institution_id, account_id, session_uuid, read, until, promise))
        self._n_waiting += 1
        self._open(institution_id)
        try:
            step: Step = await promise
        finally:
            self._n_waiting -= 1
        return step

    async def close(self) -> None:
        """Finish what waits."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _open(self, institution_id: int) -> None:
        """Open a lane for what waits, if it is time; a lane that has not taken its batch yet counts as size 0."""
        sizes = self._under_way.get(institution_id, [])
        if sizes and (len(sizes) >= LANES_EACH or 0 in sizes or len(self._queues[institution_id]) < sum(sizes)):
            return
        if sum(map(len, self._under_way.values())) < LANES:
            self._under_way.setdefault(institution_id, []).append(0)
            self._run(self._serve(institution_id))

    async def _serve(self, institution_id: int) -> None:
        """Write a batch of an institution; then see who is next."""
        sizes, queue = self._under_way[institution_id], self._queues.pop(institution_id, deque())
        _send_back(queue, asyncio.get_running_loop().time())
        batch = _one_a_sitting(queue)
        if queue:
            self._queues[institution_id] = queue
        sizes[sizes.index(0)] = len(batch)
        try:
            if batch:
                await self._write(institution_id, batch)
        except DatabaseUnavailable as error:
            for waiting in batch:
                waiting.break_off(error)
        except Exception:
            for waiting in batch:
                self._go_alone(waiting)
        sizes.remove(len(batch))
        if not sizes:
            del self._under_way[institution_id]
        for waits in tuple(self._queues):
            self._open(waits)

    async def _write(self, institution_id: int, batch: Sequence[Waiting]) -> None:
        """Lock, work out, write, commit; only then keep the promises."""
        taken = _Batch()
        async with self._database.transaction(institution_id, answers.PLANNER) as connection:
            places = await self._locate(connection, [waiting.session_uuid for waiting in batch])
            for waiting in batch:
                taken.take(waiting, places.get(waiting.session_uuid.int))
            ended = await taken.write(connection, institution_id)
        for waiting, done in taken.ready:
            self._kept.keep(done.moved.session_id, done.progress)
            waiting.keep(done.step)
        for waiting, ending in taken.ending:
            self._end(waiting, ended.get(ending.session.id), ending.session.id)
        for waiting in taken.alone:
            self._go_alone(waiting)

    def _end(self, waiting: Waiting, step: Step | None, session_id: int) -> None:
        self._kept.forget(session_id)
        if step is None:
            self._go_alone(waiting)
        else:
            waiting.keep(step)

    async def _locate(self, connection: Connection, uuids: Sequence[UUID]) -> dict[int, _Place]:
        """Each sitting's held row with its publication and its progress, from memory or from the database."""
        locked = await answers.lock(connection, uuids)
        unknown = [row.session for row in locked.values() if self._kept.at(row.session) is None]
        shown = await answers.administered(connection, [row.id for row in unknown]) if unknown else {}
        seen = await answers.seen_earlier(connection, unknown) if unknown else {}
        places = {}
        for number, row in locked.items():
            session = row.session
            publication = await self._shelf.publication(connection, row.assessment_version_id)
            progress = self._kept.at(session)
            if progress is None:
                eligible = eligible_items(publication.bank, seen[session.id], session.pool)
                pretest = pretest_items(publication.bank, seen[session.id], session.pool)
                progress = Progress(tuple(shown[session.id]), eligible, pretest)
            places[number] = (session, publication, progress)
        return places

    def _go_alone(self, waiting: Waiting) -> None:
        self._run(self._answer_alone(waiting))

    async def _answer_alone(self, waiting: Waiting) -> None:
        try:
            step = await answer_item(
                self._database, self._shelf, waiting.institution_id, waiting.account_id, waiting.session_uuid,
                waiting.read,
            )  # fmt: skip
        except Exception as error:
            waiting.break_off(error)
        else:
            waiting.keep(step)


def _send_back(queue: deque[Waiting], now: float) -> None:
    """Those who have waited as long as anybody should are told to come again; nothing of theirs was written."""
    while queue and queue[0].until < now:
        queue.popleft().break_off(
            DatabaseUnavailable("The answer could not be written in time; please send it again.", 1)
        )


def _one_a_sitting(queue: deque[Waiting]) -> list[Waiting]:
    """The next answers of a queue, no two for one sitting; a second one stays for another batch."""
    batch: dict[int, Waiting] = {}
    later: list[Waiting] = []
    while queue and len(batch) < LARGEST_BATCH:
        waiting = queue.popleft()
        number = waiting.session_uuid.int  # hashed faster than the uuid itself
        if number in batch:
            later.append(waiting)
        else:
            batch[number] = waiting
    queue.extendleft(reversed(later))
    return list(batch.values())


def _work_out(
    waiting: Waiting, session: SessionRow, publication: Publication, progress: Progress
) -> _Ready | Ending | None:
    """What follows from the answer; None when it has to be dealt with alone.

    Raises:
        ReusedId, AlreadyAnswered, OutOfTurn, AnswerInvalid.
    """
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
    return _Ready(moved, progress.showing(following), _step(session, publication, following, theta, sem))


def _step(session: SessionRow, publication: Publication, following: Administered, theta: float, sem: float) -> Step:
    moved = msgspec.structs.replace(session, position=following.position, theta=theta, sem=sem)
    item = publication.bank.items[following.bank_position]
    return Step(
        session=moved,
        publication=publication,
        occasion=occasion_of(publication.version.policy, session.occasion),
        item=ShownItem(position=following.position, item=item.key, content=item.content),
    )
