"""End sittings that came to their end at the same moment: their logs read by one statement, their ends written by one.

What is unusual (a log that grew meanwhile, an attempt that another step holds, an item that was withdrawn, a credit
that falls due) is left to the ordinary way, `finish_sitting`, which ends one sitting with all that follows from it.
"""

from collections.abc import Sequence

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
from engine.storage.endings import Ended, Log
from engine.workflows.shelf import Publication
from engine.workflows.show_sitting import Step
from itembank.records import Record, canonical
from itembank.storage.database import Database


class Ending(Record, frozen=True, kw_only=True):
    """A sitting whose last answer has been scored but not written."""

    session: SessionRow
    publication: Publication
    shown: tuple[Administered, ...]
    reason: str


async def end_together(database: Database, institution_id: int, ending: Sequence[Ending]) -> dict[int, Step]:
    """Write the ends that need nothing but themselves; the steps by session id. What is missing was not touched."""
    logs = await endings.logs(database, institution_id, [end.session.attempt_id for end in ending])
    decided: list[tuple[Ending, Ended, Decision]] = []
    for end in ending:
        log = logs.get(end.session.attempt_id)
        done = None if log is None else _decided(end, log)
        if log is not None and done is not None:
            session = msgspec.structs.replace(end.session, now=log.moment)
            decided.append((msgspec.structs.replace(end, session=session), *done))
    if not decided:
        return {}
    moment = max(end.session.now for end, _, _ in decided)
    ended = await endings.write(database, institution_id, moment, [done for _, done, _ in decided], GRACE)
    return {end.session.id: _step(end, done, decision) for end, done, decision in decided if done.session_id in ended}


def _decided(end: Ending, log: Log) -> tuple[Ended, Decision] | None:
    """The decision and its entry in the log; None when more than that follows, or it may not stand there."""
    policy, session = end.publication.version.policy, end.session
    decision = decide_outcome(policy, occasion_of(policy, session.occasion), end.publication.bank, end.shown)
    finished = SittingFinished(at=log.moment, sitting=str(session.uuid), decision=decision, reason=end.reason)
    try:
        events: tuple[Event, ...] = admit(policy, verify(log.chain, log.head), finished)
    except (JourneyRefused, RecordBroken):
        return None
    journey = decide(policy, events, log.moment)
    if journey.credit_due or journey.rebase:
        return None
    ended = Ended(
        session_id=session.id, attempt_id=session.attempt_id, account_id=session.account_id,
        answered=end.shown[-1], theta=decision.theta, sem=decision.sem, reason=end.reason,
        outcome=canonical(decision), head=log.head, entry=extend(log.chain, finished),
    )  # fmt: skip
    return ended, decision


def _step(end: Ending, ended: Ended, decision: Decision) -> Step:
    session, policy = end.session, end.publication.version.policy
    over = msgspec.structs.replace(
        session, position=session.position + 1, theta=ended.theta, sem=ended.sem, finished_at=session.now,
        reason=end.reason, outcome=msgspec.json.decode(ended.outcome),
    )  # fmt: skip
    return Step(
        session=over,
        publication=end.publication,
        occasion=occasion_of(policy, session.occasion),
        decision=msgspec.convert(over.outcome, Decision),
    )
