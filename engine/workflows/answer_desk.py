"""The desk where answers are taken: those that wait together are written together, in one transaction.

An answer is acknowledged only after the commit that holds it. Each institution has two queues: answers of sittings that
are remembered here, and those of sittings that have to be looked up first (`take_answers`). Answers sent again and
everything unusual go the ordinary way (`take_session.answer_item`), each in a transaction of its own, so that one odd
answer never troubles the others.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from engine.workflows.shelf import Shelf
from engine.workflows.show_sitting import Step
from engine.workflows.take_answers import Taking
from engine.workflows.take_session import answer_item
from engine.workflows.waiting import Promise, Reader, Waiting
from engine.workflows.work_out import End, Ready
from itembank.storage.database import Database, DatabaseUnavailable

LANES, LANES_EACH = 6, 2
FEW = 8
"""Answers for which alone no further lane opens; a batch may always have so many."""
LARGEST_BATCH = 128
LONGEST_QUEUE = 2000
LONGEST_WAIT = 5.0


class _Queue(NamedTuple):
    """Whose answers wait for what."""

    institution_id: int
    is_known: bool


class AnswerDesk:
    """Takes answers for one database: at most LANES transactions at a time, LANES_EACH for one queue.

    The first answer opens a lane at once. While its batch is being written, a further lane opens when a quarter as many
    answers wait as are under way, but not for a few: few and large transactions when many answer. A batch leaves half
    of what waits and is under way to another one: the program works on one while the database works on the other.
    """

    def __init__(self, database: Database, shelf: Shelf) -> None:
        self._database = database
        self._shelf = shelf
        self._taking = Taking(database, shelf)
        self._queues: dict[_Queue, deque[Waiting]] = {}
        self._under_way: dict[_Queue, list[int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(self, institution_id: int, account_id: int, session_uuid: UUID, read: Reader) -> Step:
        """Take an answer and show the next item, or end the sitting and decide it; see `take_session.answer_item`.

        Raises:
            DatabaseUnavailable: when too many answers wait already.
        """
        promise: asyncio.Future[Step] = asyncio.get_running_loop().create_future()
        self.line_up(institution_id, account_id, session_uuid, read, promise)
        return await promise

    def line_up(self, institution_id: int, account_id: int, session_uuid: UUID, read: Reader, promise: Promise) -> None:
        """The same, for a sender who is told by a promise.

        Raises:
            DatabaseUnavailable: when too many answers wait already.
        """
        if sum(map(len, self._queues.values())) >= LONGEST_QUEUE:
            raise DatabaseUnavailable("Too many answers are waiting; please send it again in a moment.", 1)
        until = asyncio.get_running_loop().time() + LONGEST_WAIT
        waiting = Waiting(institution_id, account_id, session_uuid, read, until, promise)
        self._line_up(_Queue(institution_id, self._taking.knows(session_uuid)), [waiting])

    async def close(self) -> None:
        """Finish what waits."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _line_up(self, queue: _Queue, waiting: Sequence[Waiting]) -> None:
        if waiting:
            self._queues.setdefault(queue, deque()).extend(waiting)
            self._open(queue)

    def _open(self, queue: _Queue) -> None:
        """Open a lane for what waits, if it is time; a lane that has not taken its batch yet counts as size 0."""
        sizes = self._under_way.get(queue, ())
        if len(sizes) >= LANES_EACH or 0 in sizes:
            return
        if sizes and len(self._queues[queue]) < max(FEW, sum(sizes) / 4):
            return
        if sum(map(len, self._under_way.values())) < LANES:
            self._under_way.setdefault(queue, []).append(0)
            self._run(self._serve(queue))

    async def _serve(self, queue: _Queue) -> None:
        """Take a batch of a queue; then see who is next."""
        sizes, waits = self._under_way[queue], self._queues.pop(queue, deque())
        _send_back(waits, asyncio.get_running_loop().time())
        half = (len(waits) + sum(sizes) + 1) // 2
        batch = _one_a_sitting(waits, min(max(half, FEW), LARGEST_BATCH))
        sizes[sizes.index(0)] = len(batch)
        if waits:
            self._queues[queue] = waits
            self._open(queue)
        await self._guard(batch, self._take(queue, batch))
        sizes.remove(len(batch))
        if not sizes:
            del self._under_way[queue]
        for other in tuple(self._queues):
            self._open(other)

    async def _guard(self, batch: Sequence[Waiting], work: Coroutine[Any, Any, None]) -> None:
        """Do it; when it fails, all of the batch are told to come again, or go alone when the fault may be one's."""
        try:
            await work
        except DatabaseUnavailable as error:
            for waiting in batch:
                waiting.break_off(error)
        except Exception:
            for waiting in batch:
                self._go_alone(waiting)

    async def _take(self, queue: _Queue, batch: Sequence[Waiting]) -> None:
        if not batch:
            return
        if not queue.is_known:
            await self._taking.look_up(queue.institution_id, batch)
            self._line_up(_Queue(queue.institution_id, is_known=True), batch)
            return
        ready, ending, left = self._taking.work_out(batch)
        self._again(queue.institution_id, left)
        if ready or ending:
            worked_out = [done.waiting for done in ready] + [waiting for waiting, _ in ending]
            await self._guard(worked_out, self._write(queue.institution_id, ready, ending))

    async def _write(self, institution_id: int, ready: Sequence[Ready], ending: Sequence[End]) -> None:
        self._again(institution_id, await self._taking.write(institution_id, ready, ending))

    def _again(self, institution_id: int, left: Sequence[Waiting]) -> None:
        """What was worked out from old memory is looked up; what was looked up for this answer is taken alone."""
        for waiting in left:
            if waiting.is_looked_up:
                self._go_alone(waiting)
            else:
                self._line_up(_Queue(institution_id, is_known=False), [waiting])

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


def _one_a_sitting(queue: deque[Waiting], most: int) -> list[Waiting]:
    """The next answers of a queue, at most so many, no two for one sitting; a second one stays for another batch."""
    batch: dict[int, Waiting] = {}
    later: list[Waiting] = []
    while queue and len(batch) < most:
        waiting = queue.popleft()
        number = waiting.session_uuid.int  # hashed faster than the uuid itself
        if number in batch:
            later.append(waiting)
        else:
            batch[number] = waiting
    queue.extendleft(reversed(later))
    return list(batch.values())
