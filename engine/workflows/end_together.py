"""End sittings that came to their end at the same moment, by one statement.

What is unusual (a log that grew meanwhile, an attempt that another step holds, an item that was withdrawn, a credit
that falls due) is left to the ordinary way, `finish_sitting`, which ends one sitting with all that follows from it.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from engine.admission import admit
from engine.decisions import Decision
from engine.delivery import decide_outcome
from engine.errors import RecordBroken
from engine.events import Event, SittingFinished
from engine.journey import decide
from engine.policies.records import occasion_of
from engine.record import extend, verify
from engine.refusals import JourneyRefused
from engine.sessions import GRACE, Administered, SessionRow
from engine.storage import endings
from engine.storage.answers import Log
from engine.storage.endings import Ended
from engine.workflows.shelf import Publication
from engine.workflows.show_sitting import Step
from itembank.records import Record, canonical
from itembank.storage.database import Database


class Ending(Record, frozen=True, kw_only=True):
    """A sitting whose last answer has been scored but not written, and its attempt's log."""

    session: SessionRow
    publication: Publication
    log: Log
    shown: tuple[Administered, ...]
    reason: str


async def end_together(
    database: Database, institution_id: int, ending: Sequence[Ending], now: datetime
) -> dict[int, Step]:
    """Write the ends that need nothing but themselves; the steps by session id. What is missing was not touched.

    now: the database's clock. It is looked at again there: nothing is written when this is older than a second.
    """
    moment = max(now, *(end.session.now for end in ending))
    decided = [(end, *done) for end in ending if (done := _decided(end, moment)) is not None]
    if not decided:
        return {}
    ended = await endings.write(database, institution_id, moment, [done for _, done, _ in decided], GRACE)
    return {
        end.session.id: _step(end, done, decision, moment)
        for end, done, decision in decided
        if done.session_id in ended
    }


def _decided(end: Ending, moment: datetime) -> tuple[Ended, Decision] | None:
    """The decision and its entry in the log; None when more than that follows, or it may not stand there."""
    policy, session, chain = end.publication.version.policy, end.session, end.log.chain
    decision = decide_outcome(policy, occasion_of(policy, session.occasion), end.publication.bank, end.shown)
    finished = SittingFinished(at=moment, sitting=str(session.uuid), decision=decision, reason=end.reason)
    try:
        events: tuple[Event, ...] = admit(policy, verify(chain, end.log.head), finished)
    except (JourneyRefused, RecordBroken):
        return None
    journey = decide(policy, events, moment)
    if journey.credit_due or journey.rebase:
        return None
    ended = Ended(
        session_id=session.id, attempt_id=session.attempt_id, account_id=session.account_id,
        answered=end.shown[-1], theta=decision.theta, sem=decision.sem, reason=end.reason,
        outcome=canonical(decision), head=end.log.head, entry=extend(chain, finished),
    )  # fmt: skip
    return ended, decision


def _step(end: Ending, ended: Ended, decision: Decision, moment: datetime) -> Step:
    session, policy = end.session, end.publication.version.policy
    over = msgspec.structs.replace(
        session, position=session.position + 1, theta=ended.theta, sem=ended.sem, finished_at=moment, now=moment,
        reason=end.reason, outcome=msgspec.json.decode(ended.outcome),
    )  # fmt: skip
    return Step(
        session=over,
        publication=end.publication,
        occasion=occasion_of(policy, session.occasion),
        decision=msgspec.convert(over.outcome, Decision),
    )
