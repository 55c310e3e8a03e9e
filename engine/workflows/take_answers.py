"""Take answers that wait together: from where their sittings stand as remembered, written by one statement.

A sitting is remembered when it is first looked up here, and whenever it moves. The statement takes an answer only where
the row still stands at that position, running and in time; what it leaves is looked up again, once. Whatever is odd
then is left to `take_session`. Nothing is kept that another process needs.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from time import monotonic
from uuid import UUID

from engine.delivery import eligible_items
from engine.pretest import pretest_items
from engine.progress import progress_of
from engine.sessions import GRACE
from engine.storage import answers
from engine.storage.answers import Running, Taken
from engine.workflows.heard_clock import HeardClock
from engine.workflows.shelf import Publication, Shelf
from engine.workflows.waiting import Waiting
from engine.workflows.work_out import End, Place, Ready, WorkedOut, place_after, step_at, work_out
from engine.workflows.work_out_end import Decided, decide_end, step_at_end
from itembank.storage.database import Database

CAPACITY = 6000


class Taking:
    """Takes batches of answers, no two of one sitting in a batch; of an institution one is written at a time.

    Written at once, they would come back together, and so would the next answers: the program would wait while the
    database works, and the database while the program does.
    """

    def __init__(self, database: Database, shelf: Shelf) -> None:
        self._database = database
        self._shelf = shelf
        self._known: OrderedDict[int, Place] = OrderedDict()
        self._clock = HeardClock()
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    def knows(self, session_uuid: UUID) -> bool:
        """Whether a sitting's next step can be worked out from memory: it is there, and time makes no difference."""
        place = self._known.get(session_uuid.int)
        return place is not None and place.session.paused_until is None and not place.plan.watches_time

    async def look_up(self, institution_id: int, batch: Sequence[Waiting]) -> None:
        """Remember where the sittings of a batch stand now; those that do not run on screen are forgotten."""
        uuids = [waiting.session_uuid for waiting in batch]
        for waiting in batch:
            waiting.is_looked_up = True
            self._known.pop(waiting.session_uuid.int, None)
        asked = monotonic()
        found = await answers.running(self._database, institution_id, uuids)
        if found:
            self._clock.hear(found[0].session.now, asked, monotonic())
        for running in found:
            publication = await self._publication(institution_id, running.assessment_version_id)
            self._remember(running.session.uuid.int, _place(running, publication))

    def _remember(self, number: int, place: Place) -> None:
        """Keep a place; whose sitting has not moved for longest is forgotten first."""
        self._known[number] = place
        self._known.move_to_end(number)
        if len(self._known) > CAPACITY:
            self._known.popitem(last=False)

    async def _publication(self, institution_id: int, assessment_version_id: int) -> Publication:
        kept = self._shelf.kept(assessment_version_id)
        if kept is not None:
            return kept
        async with self._database.transaction(institution_id) as connection:
            return await self._shelf.publication(connection, assessment_version_id)

    def work_out(self, batch: Sequence[Waiting]) -> WorkedOut:
        """What moves sittings on, what ends them, and what has to be dealt with in another way."""
        return work_out((waiting, self._known.get(waiting.session_uuid.int)) for waiting in batch)

    async def write(self, institution_id: int, ready: Sequence[Ready], ending: Sequence[End]) -> list[Waiting]:
        """Write what moves sittings on and what ends them, and tell what followed.

        Returns what needs more than that, or did not stand where it was remembered.
        """
        moment = max([self._clock.now(monotonic()), *(end.session.now for _, end in ending)])
        decided = [(waiting, decide_end(end, moment)) for waiting, end in ending]
        moves = [done.moved for done in ready]
        ends = [done.ended for _, done in decided if done is not None]
        if not moves and not ends:
            return self._ended(decided, set(), moment)
        async with self._turns[institution_id]:
            asked = monotonic()
            taken, ended = await answers.write(self._database, institution_id, moves, ends, moment, GRACE)
        await asyncio.sleep(0)  # whoever has its turn now is written before these are told: the database need not wait
        told = next(
            (taken[move.session_id].moment for move in moves if not move.moment and move.session_id in taken), None
        )
        if told is not None:
            self._clock.hear(told, asked, monotonic())
        return self._taken(ready, taken) + self._ended(decided, ended, moment)

    def _taken(self, ready: Sequence[Ready], taken: Mapping[int, Taken]) -> list[Waiting]:
        left = []
        for done in ready:
            became = taken.get(done.moved.session_id)
            if became is None:
                left.append(done.waiting)
                continue
            place = place_after(done, became)
            self._remember(done.waiting.session_uuid.int, place)
            done.waiting.keep(step_at(place))
        return left

    def _ended(
        self, decided: Sequence[tuple[Waiting, Decided | None]], ended: Set[int], moment: datetime
    ) -> list[Waiting]:
        left = []
        for waiting, done in decided:
            self._known.pop(waiting.session_uuid.int, None)
            if done is None or done.ended.session_id not in ended:
                left.append(waiting)
            else:
                waiting.keep(step_at_end(done, moment))
        return left


def _place(running: Running, publication: Publication) -> Place:
    session, bank = running.session, publication.bank
    eligible = eligible_items(bank, running.seen, session.pool)
    pretest = pretest_items(bank, running.seen, session.pool)
    plan = publication.plans[session.occasion]
    progress = progress_of(plan, session, running.shown, eligible, pretest)
    return Place(session, publication, plan, progress, running.log)
