"""End sittings that came to their end at the same moment: one statement for each step of them all.

What is unusual (an attempt that another step holds, an item that was withdrawn, a credit that falls due) is left to
the ordinary way, `finish_sitting`, which ends one sitting with everything that follows from it.
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
from engine.record import Entry, extend, verify
from engine.refusals import JourneyRefused
from engine.sessions import Administered, SessionRow
from engine.storage import endings
from engine.storage.endings import Ended, Held
from engine.workflows.shelf import Publication
from engine.workflows.show_sitting import Step
from itembank.records import Record, canonical
from itembank.storage.database import Connection


class Ending(Record, frozen=True, kw_only=True):
    """A sitting, its row held, whose last answer has been scored but not written."""

    session: SessionRow
    publication: Publication
    shown: tuple[Administered, ...]
    reason: str


async def end_together(connection: Connection, institution_id: int, ending: Sequence[Ending]) -> dict[int, Step]:
    """Write the ends that need nothing but themselves; the steps by session id. What is missing was not touched."""
    held = await endings.hold(connection, institution_id, [end.session.attempt_id for end in ending])
    if not held:
        return {}
    shown = {item.item_id for end in ending for item in end.shown}
    logs, rescored = await endings.before(connection, list(held), list(shown))
    decided: list[tuple[Ending, Ended, Decision]] = []
    for end in ending:
        place = held.get(end.session.attempt_id)
        if place is None or not rescored.isdisjoint(item.item_id for item in end.shown):
            continue
        done = _decided(end, place, logs[place.attempt.id])
        if done is not None:
            decided.append((end, *done))
    if not decided:
        return {}
    if await endings.write(connection, institution_id, [ended for _, ended, _ in decided]) != len(decided):
        raise RuntimeError("A sitting moved although its row was held.")
    return {end.session.id: _step(end, ended, decision) for end, ended, decision in decided}


def _decided(end: Ending, held: Held, chain: Sequence[Entry]) -> tuple[Ended, Decision] | None:
    """The decision and its entry in the log; None when more than that follows, or it may not stand there."""
    policy, session = end.publication.version.policy, end.session
    decision = decide_outcome(policy, occasion_of(policy, session.occasion), end.publication.bank, end.shown)
    finished = SittingFinished(at=session.now, sitting=str(session.uuid), decision=decision, reason=end.reason)
    try:
        events: tuple[Event, ...] = admit(policy, verify(chain, held.head), finished)
    except (JourneyRefused, RecordBroken):
        return None
    journey = decide(policy, events, session.now)
    if journey.credit_due or journey.rebase:
        return None
    ended = Ended(
        session_id=session.id, attempt_id=session.attempt_id, account_id=held.attempt.account_id,
        answered=end.shown[-1], theta=decision.theta, sem=decision.sem, reason=end.reason,
        outcome=canonical(decision), entry=extend(chain, finished),
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
