"""What a sitting's end amounts to, worked out from what is remembered of it; nothing is written here.

What is unusual (an attempt that another step holds, an item that was withdrawn, a credit that falls due) is left to the
ordinary way, `finish_sitting`, which ends one sitting with all that follows from it.
"""

from datetime import datetime
from typing import NamedTuple

import msgspec

from engine.admission import admit
from engine.decisions import Decision
from engine.delivery import decide_outcome
from engine.errors import RecordBroken
from engine.events import Event, SittingFinished
from engine.journey import moves_credit
from engine.policies.records import occasion_of
from engine.record import extend, verify
from engine.refusals import JourneyRefused
from engine.sessions import Administered, SessionRow
from engine.storage.answers import Ended, Log
from engine.workflows.shelf import Publication
from engine.workflows.show_sitting import Step
from itembank.records import Record, canonical


class Ending(Record, frozen=True, kw_only=True):
    """A sitting whose last answer has been scored but not written, and its attempt's log."""

    session: SessionRow
    publication: Publication
    log: Log
    shown: tuple[Administered, ...]
    reason: str


class Decided(NamedTuple):
    """What to write at the end of a sitting."""

    ending: Ending
    ended: Ended


def decide_end(end: Ending, moment: datetime) -> Decided | None:
    """The decision of a sitting that ends at a moment, and its entry in the log.

    None when more than that follows, or it may not stand there: that is left to the ordinary way.
    """
    policy, session, chain = end.publication.version.policy, end.session, end.log.chain
    decision = decide_outcome(policy, occasion_of(policy, session.occasion), end.publication.bank, end.shown)
    finished = SittingFinished(at=moment, sitting=str(session.uuid), decision=decision, reason=end.reason)
    try:
        events: tuple[Event, ...] = admit(policy, verify(chain, end.log.head), finished)
    except (JourneyRefused, RecordBroken):
        return None
    if moves_credit(policy, events, moment):
        return None
    ended = Ended(
        session_id=session.id, attempt_id=session.attempt_id, account_id=session.account_id,
        answered=end.shown[-1], theta=decision.theta, sem=decision.sem, reason=end.reason,
        outcome=canonical(decision), head=end.log.head, entry=extend(chain, finished),
    )  # fmt: skip
    return Decided(end, ended)


def step_at_end(decided: Decided, moment: datetime) -> Step:
    """What a learner is told whose sitting ended at that moment."""
    end, ended = decided
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
