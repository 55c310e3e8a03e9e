"""Finish a sitting: decide it, write the decision into the log, award what is due; in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from engine.delivery import (
    decide_outcome,
)
from engine.events import CreditAwarded, Event, SittingFinished
from engine.journey import decide
from engine.policies.records import occasion_of
from engine.rescoring import Override
from engine.sessions import (
    Administered,
    SessionRow,
)
from engine.storage import attempts, credits, rescorings, sessions
from engine.storage.attempts import Attempt
from engine.workflows import journal
from engine.workflows.rebase_credit import rebase_credit
from engine.workflows.settle_courses import settle_courses
from engine.workflows.shelf import Publication
from engine.workflows.show_sitting import Step, step_of
from itembank.records import canonical
from itembank.storage.database import Connection


async def end_now(
    connection: Connection,
    institution_id: int,
    publication: Publication,
    attempt: Attempt,
    session: SessionRow,
    reason: str,
) -> None:
    """End a locked sitting that runs, with the answers given so far."""
    shown = await sessions.administered(connection, session.id)
    await finish_sitting(connection, institution_id, publication, attempt, session, shown, reason, may_award=False)


async def finish_sitting(
    connection: Connection,
    institution_id: int,
    publication: Publication,
    attempt: Attempt,
    session: SessionRow,
    shown: Sequence[Administered],
    reason: str,
    *,
    may_award: bool = True,
    actor_id: int | None = None,
) -> Step:
    """Decide, write the decision into the log, and award the credit when it is due: one transaction with the answer.

    `actor_id`: who ends it, when that is not the learner.
    """
    policy = publication.version.policy
    await attempts.lock(connection, attempt.id)
    overrides = await _overrides(connection, institution_id, session, shown)
    decision = decide_outcome(policy, occasion_of(policy, session.occasion), publication.bank, shown, overrides)
    answered = sum(item.category is not None for item in shown)
    await sessions.finish(
        connection, session.id, answered, decision.theta, decision.sem, session.now, reason, canonical(decision)
    )
    await sessions.forget_draft(connection, session.id)
    finished = SittingFinished(at=session.now, sitting=str(session.uuid), decision=decision, reason=reason)
    actor = attempt.account_id if actor_id is None else actor_id
    events = await journal.append(connection, institution_id, attempt.id, policy, [finished], actor)
    if may_award:
        await award_if_due(connection, institution_id, publication, attempt, events, session.now)
    row = await sessions.find(connection, session.uuid)
    assert row is not None
    return await step_of(connection, publication, row, is_new=True)


async def _overrides(
    connection: Connection, institution_id: int, session: SessionRow, shown: Sequence[Administered]
) -> list[Override]:
    """What has been withdrawn or re-keyed since the bank was published; the sitting keeps that it was decided so."""
    await rescorings.lock(connection, institution_id, shared=True)
    found = await rescorings.in_force(connection, [item.item_id for item in shown])
    for rescoring_id, _ in found:
        await rescorings.mark(connection, institution_id, rescoring_id, session.id, "decided")
    return [override for _, override in found]


async def award_if_due(
    connection: Connection,
    institution_id: int,
    publication: Publication,
    attempt: Attempt,
    events: Sequence[Event],
    now: datetime,
) -> int | None:
    """Award the credit that the log has earned, or let it rest on a higher score; its id, None when nothing is due."""
    policy = publication.version.policy
    journey = decide(policy, events, now)
    if journey.rebase:
        reason, actor = "the highest score counts", attempt.account_id
        await rebase_credit(connection, institution_id, policy, attempt, journey, now, "policy", reason, actor)
    if not journey.credit_due:
        return None
    graded = next(part for part in journey.occasions if part.occasion == policy.credit.graded_by)
    session = await sessions.find(connection, UUID(graded.counting))
    assert session is not None
    awarded = CreditAwarded(
        at=now, sitting=graded.counting, hours=journey.hours, grade=journey.grade, policy_version=policy.version
    )
    await journal.append(connection, institution_id, attempt.id, policy, [awarded], attempt.account_id)
    credit_id = await credits.award(
        connection, institution_id, attempt.account_id, attempt.assessment_id, attempt.id, session.id, journey.hours,
        journey.grade, now,
    )  # fmt: skip
    await settle_courses(connection, institution_id, attempt.account_id, now)
    return credit_id
