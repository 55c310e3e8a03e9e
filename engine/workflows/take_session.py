"""Take a sitting: start it with its first item, answer one item after the other, end it with a decision.

Each step is one transaction: lock, check, score, choose, write, commit. What was acknowledged is on disk.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from engine.delivery import (
    check_start,
    next_of,
    running_estimate,
    sitting_of,
)
from engine.errors import NoItemLeft, SittingOver, Unknown
from engine.events import Event, FirstItemShown, SittingStarted
from engine.journey import decide
from engine.policies.records import occasion_of
from engine.pretest import or_pretest, pretest_items
from engine.selection.next_item import NextItem
from engine.sessions import (
    Administered,
    Given,
    Opening,
    SessionRow,
    check_on_screen,
    check_turn,
    deadline_of,
    request_hash,
    time_is_up,
)
from engine.stopping.stop import Stop
from engine.storage import attempts, pulse, sessions
from engine.storage.attempts import Attempt
from engine.workflows import journal
from engine.workflows.finish_sitting import finish_sitting
from engine.workflows.shelf import Publication, Shelf
from engine.workflows.show_sitting import Step, step_of
from engine.workflows.spare_items import draw_pool
from itembank.items import Answer, ItemContent
from itembank.storage.database import Connection, Database

Chance = Callable[[int], bytes]


async def start_session(
    database: Database,
    shelf: Shelf,
    institution_id: int,
    account_id: int,
    attempt_uuid: UUID,
    occasion_key: str,
    *,
    item_keys: Sequence[str] | None = None,
    chance: Chance = secrets.token_bytes,
) -> Step:
    """Start a sitting with its first item on screen, or find the one that is open.

    `item_keys` restricts the sitting to these items (post-hoc studies, rotating pools). `chance` gives so many bytes:
    the sitting's uuid and its draw of items come from there.

    Raises:
        Unknown: when the attempt is not this learner's.
        JourneyRefused: with every rule that stands in the way and when it lifts.
        NoItemLeft: when the items left do not make a whole test, naming what is missing; nothing was started.
    """
    async with database.transaction(institution_id) as connection:
        attempt = await own_attempt(connection, attempt_uuid, account_id)
        now = await attempts.lock(connection, attempt.id)
        publication = await shelf.publication(connection, attempt.assessment_version_id)
        running = next((row for row in await sessions.of_attempt(connection, attempt.id) if not row.finished_at), None)
        if running is not None and running.occasion == occasion_key:
            check_on_screen(running)
            return await step_of(connection, publication, running, is_new=False)
        uuid, tie_key = UUID(bytes=chance(16), version=4), chance(16)
        return await _start(
            connection, institution_id, shelf, publication, attempt, occasion_key, item_keys, now, uuid, tie_key
        )


async def own_attempt(connection: Connection, attempt_uuid: UUID, account_id: int) -> Attempt:
    """The attempt, if it is this learner's.

    Raises:
        Unknown: otherwise, in the same words whether it exists or not.
    """
    attempt = await attempts.find(connection, attempt_uuid)
    if attempt is None or attempt.account_id != account_id:
        raise Unknown("There is no such attempt of yours; open one with the assessment's key.")
    return attempt


async def _start(
    connection: Connection,
    institution_id: int,
    shelf: Shelf,
    publication: Publication,
    attempt: Attempt,
    occasion_key: str,
    item_keys: Sequence[str] | None,
    now: datetime,
    uuid: UUID,
    tie_key: bytes,
) -> Step:
    policy, bank = publication.version.policy, publication.bank
    begun: list[Event] = [
        SittingStarted(at=now, sitting=str(uuid), occasion=occasion_key),
        FirstItemShown(at=now, sitting=str(uuid)),
    ]
    events = await journal.append(connection, institution_id, attempt.id, policy, begun, attempt.account_id)
    occasion = occasion_of(policy, occasion_key)
    plan = publication.plans[occasion_key]
    pool = None if item_keys is None else positions_of(publication, item_keys)
    seen = await sessions.seen_by(connection, attempt.account_id)
    sitting = sitting_of(uuid, bank, [], seen=seen, pool=pool, seconds=0.0)
    check_start(plan, sitting)
    if pool is None:
        pool = await draw_pool(connection, institution_id, shelf, publication, attempt, occasion_key, sitting, tie_key)
        sitting = sitting_of(uuid, bank, [], seen=seen, pool=pool, seconds=0.0)
    first = next_of(plan, sitting)
    if isinstance(first, Stop):
        raise NoItemLeft(f"No question can be shown: {first.sentence} Nothing was started and no attempt is used up.")
    first = or_pretest(plan.design, bank, uuid.hex, [], pretest_items(bank, seen, pool), first)
    accommodation = decide(policy, events, now).accommodation
    prior = plan.design.ability
    opening = Opening(
        uuid=uuid, attempt_id=attempt.id, account_id=attempt.account_id, bank_version_id=bank.version_id,
        occasion=occasion_key, tie_key=tie_key, pool=pool, theta=prior.start_theta, sem=prior.prior_sd,
        started_at=now, deadline=deadline_of(occasion, accommodation, now),
    )  # fmt: skip
    session_id = await sessions.open_session(connection, institution_id, opening)
    shown = shown_item(publication, 0, first, now)
    await sessions.show_item(connection, institution_id, session_id, attempt.account_id, shown)
    row = await sessions.find(connection, uuid)
    assert row is not None
    return await step_of(connection, publication, row, is_new=True)


def positions_of(publication: Publication, item_keys: Sequence[str]) -> list[int]:
    """Bank positions of items by key.

    Raises:
        Unknown: naming the first key that the published bank does not hold.
    """
    bank = publication.bank
    index = {item.key: place for place, item in enumerate(bank.items[: bank.n_operational])}
    for key in item_keys:
        if key not in index:
            raise Unknown(f"The published bank holds no operational item '{key}'; leave it out.")
    return sorted(index[key] for key in item_keys)


def shown_item(publication: Publication, position: int, chosen: NextItem, now: datetime) -> Administered:
    """The chosen item on screen."""
    bank = publication.bank
    return Administered(
        position=position,
        bank_position=chosen.item,
        item_id=bank.item_ids[chosen.item],
        is_pretest=bank.pretest[chosen.item],
        shown_at=now,
    )


async def answer_item(
    database: Database,
    shelf: Shelf,
    institution_id: int,
    account_id: int,
    session_uuid: UUID,
    given: Given | Callable[[ItemContent], Given],
) -> Step:
    """Take an answer and show the next item, or end the sitting and decide it. `Step.is_new`: False for a repeat.

    `given` may be a function that reads what was sent, once the item on screen is known.

    Raises:
        Unknown, ReusedId, AlreadyAnswered, OutOfTurn, SittingOver, SittingPaused, AnswerInvalid: nothing is written
            then.
    """
    async with database.transaction(institution_id) as connection:
        session = await _lock_in_time(connection, session_uuid)
        if session is None or session.account_id != account_id:
            raise Unknown("There is no such sitting of yours.")
        check_on_screen(session)
        attempt = await attempts.get(connection, session.attempt_id)
        publication = await shelf.publication(connection, attempt.assessment_version_id)
        shown = await sessions.administered(connection, session.id)
        if not isinstance(given, Given):
            given = _read(publication, shown, given)
        if check_turn(session, shown, given) is not None:
            return await step_of(connection, publication, session, is_new=False)
        if time_is_up(session):
            return await finish_sitting(connection, institution_id, publication, attempt, session, shown, "time_limit")
        answered = score_last(publication, shown, given, session.now)
        await sessions.add_response(connection, institution_id, session.id, answered)
        shown = [*shown[:-1], answered]
        return await _advance(connection, institution_id, publication, attempt, session, shown)


async def _lock_in_time(connection: Connection, session_uuid: UUID) -> SessionRow | None:
    """The locked sitting; when its time seems up, only after the time that the service was down is given back.

    That is done before the row is held: whoever gives time back holds the pulse first and the sittings after it.
    """
    seen = await sessions.find(connection, session_uuid)
    if seen is not None and seen.finished_at is None and time_is_up(seen):
        await pulse.beat(connection)
    return await sessions.lock(connection, session_uuid)


def _read(publication: Publication, shown: Sequence[Administered], read: Callable[[ItemContent], Given]) -> Given:
    """What was sent, read as an answer to the item at its position: an old one when it is sent again."""
    items = publication.bank.items
    given = read(items[shown[-1].bank_position].content)
    if given.position < len(shown) - 1:
        given = read(items[shown[given.position].bank_position].content)
    return given


def score_last(publication: Publication, shown: Sequence[Administered], given: Given, now: datetime) -> Administered:
    """The item on screen with its scored answer."""
    last = shown[-1]
    scored = publication.scored(last.bank_position, given.answer)
    return Administered(
        position=last.position, bank_position=last.bank_position, item_id=last.item_id, is_pretest=last.is_pretest,
        shown_at=last.shown_at, category=scored.category, score=scored.score, answer=given.answer,
        client_id=given.client_id, request_hash=request_hash(given), answered_at=now,
    )  # fmt: skip


async def _advance(
    connection: Connection,
    institution_id: int,
    publication: Publication,
    attempt: Attempt,
    session: SessionRow,
    shown: list[Administered],
) -> Step:
    seconds = (session.now - session.started_at).total_seconds()
    seen = await sessions.seen_by(connection, session.account_id) - {item.item_id for item in shown}
    plan = publication.plans[session.occasion]
    sitting = sitting_of(session.uuid, publication.bank, shown, seen=seen, pool=session.pool, seconds=seconds)
    following = next_of(plan, sitting)
    if isinstance(following, Stop):
        return await finish_sitting(connection, institution_id, publication, attempt, session, shown, following.reason)
    candidates = pretest_items(publication.bank, seen, session.pool)
    following = or_pretest(plan.design, publication.bank, session.uuid.hex, shown, candidates, following)
    item = shown_item(publication, len(shown), following, session.now)
    await sessions.show_item(connection, institution_id, session.id, session.account_id, item)
    theta, sem = running_estimate(plan, sitting)
    await sessions.advance(connection, session.id, item.position, theta, sem)
    await sessions.forget_draft(connection, session.id)
    row = await sessions.find(connection, session.uuid)
    assert row is not None
    return await step_of(connection, publication, row, is_new=True)


async def end_session(
    database: Database, shelf: Shelf, institution_id: int, account_id: int, session_uuid: UUID
) -> Step:
    """End a sitting at the learner's wish, with the answers given so far; a repeat changes nothing.

    Raises:
        Unknown: when it is not this learner's.
    """
    async with database.transaction(institution_id) as connection:
        session = await _lock_in_time(connection, session_uuid)
        if session is None or session.account_id != account_id:
            raise Unknown("There is no such sitting of yours.")
        check_on_screen(session)
        attempt = await attempts.get(connection, session.attempt_id)
        publication = await shelf.publication(connection, attempt.assessment_version_id)
        if session.finished_at is not None:
            return await step_of(connection, publication, session, is_new=False)
        shown = await sessions.administered(connection, session.id)
        is_late = session.deadline is not None and session.now > session.deadline
        reason = "time_limit" if is_late else "ended_by_learner"
        return await finish_sitting(connection, institution_id, publication, attempt, session, shown, reason)


async def save_draft(
    database: Database, institution_id: int, account_id: int, session_uuid: UUID, position: int, answer: Answer
) -> None:
    """Keep what is half typed at the item on screen; a draft for another position is dropped.

    Raises:
        Unknown, SittingOver.
    """
    async with database.transaction(institution_id) as connection:
        session = await sessions.lock(connection, session_uuid)
        if session is None or session.account_id != account_id:
            raise Unknown("There is no such sitting of yours.")
        check_on_screen(session)
        if session.finished_at is not None:
            raise SittingOver("This sitting has ended; drafts are no longer kept.")
        if position == session.position:
            await sessions.save_draft(connection, institution_id, session.id, position, answer)
