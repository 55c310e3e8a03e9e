"""Hand a fixed form out: a sitting of its own for every learner, all its questions shown at once."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from engine.content.feasibility import InfeasibleDesign
from engine.delivery import eligible_items
from engine.errors import EngineError, NoItemLeft, Unknown
from engine.events import Event, FirstItemShown, SittingStarted
from engine.fixed_form import FixedForm, assemble_form
from engine.occasion_design import decides_credit
from engine.policies.records import occasion_of
from engine.selection.next_item import NextItem
from engine.sessions import Form, Opening
from engine.storage import attempts, papers, sessions
from engine.storage.attempts import Attempt
from engine.storage.papers import Paper
from engine.workflows import journal
from engine.workflows.shelf import Publication, Shelf
from engine.workflows.take_session import shown_item
from itembank.records import Record
from itembank.storage.database import Connection, Database


class HandedOut(Record, frozen=True, kw_only=True):
    """The form and the sittings in which it is out, one a learner."""

    form: FixedForm
    sittings: tuple[UUID, ...]


async def hand_out_form(
    database: Database,
    shelf: Shelf,
    institution_id: int,
    actor_id: int,
    attempt_uuids: Sequence[UUID],
    occasion: str,
    kind: Form,
) -> HandedOut:
    """One form for all of these attempts, of questions that none of the learners has met; all start, or none.

    Raises:
        Unknown: when an attempt is not of this institution.
        EngineError: when the attempts are not of one published version of an assessment, or there are none.
        JourneyRefused: with every rule that keeps a learner from starting.
        PolicyInvalid: when the occasion is not offered in this form.
        NoItemLeft: naming what the questions left lack.
    """
    async with database.transaction(institution_id) as connection:
        learners = [await _attempt(connection, uuid) for uuid in sorted(set(attempt_uuids))]
        publication = await shelf.publication(connection, _one_version(learners))
        form = await _assemble(connection, publication, learners, occasion, kind)
        handed = [
            await _start(connection, institution_id, actor_id, publication, attempt, form, kind) for attempt in learners
        ]
    return HandedOut(form=form, sittings=tuple(handed))


async def _attempt(connection: Connection, uuid: UUID) -> Attempt:
    found = await attempts.find(connection, uuid)
    if found is None:
        raise Unknown(f"There is no attempt {uuid} in this institution.")
    return found


def _one_version(learners: Sequence[Attempt]) -> int:
    versions = {attempt.assessment_version_id for attempt in learners}
    if len(versions) != 1:
        raise EngineError(
            "A form is handed out to attempts at one published version of one assessment; "
            f"these are of {len(versions)}. Hand out one form for each version."
        )
    return versions.pop()


async def _assemble(
    connection: Connection, publication: Publication, learners: Sequence[Attempt], key: str, kind: Form
) -> FixedForm:
    policy, bank = publication.version.policy, publication.bank
    if key not in {occasion.key for occasion in policy.occasions}:
        known = ", ".join(occasion.key for occasion in policy.occasions)
        raise Unknown(f"The assessment has no occasion '{key}'; it has {known}.")
    seen: set[int] = set()
    for attempt in learners:
        seen |= await sessions.seen_by(connection, attempt.account_id)
    try:
        occasion = occasion_of(policy, key)
        unseen = eligible_items(bank, seen, None)
        return assemble_form(occasion, bank, kind, unseen, decides=decides_credit(policy, occasion))
    except InfeasibleDesign as error:
        missing = "; ".join(f"{name} lacks {amount:g}" for name, amount in error.shortages.items())
        raise NoItemLeft(
            f"The printable questions that none of them has met do not make a whole form: {missing}. "
            "Nothing was started; hand it out to fewer learners at a time, or add questions."
        ) from None


async def _start(
    connection: Connection, institution_id: int, actor_id: int, publication: Publication, attempt: Attempt,
    form: FixedForm, kind: Form,
) -> UUID:  # fmt: skip
    policy, bank, uuid = publication.version.policy, publication.bank, uuid4()
    now: datetime = await attempts.lock(connection, attempt.id)
    begun: list[Event] = [
        SittingStarted(at=now, sitting=str(uuid), occasion=form.occasion, form=kind),
        FirstItemShown(at=now, sitting=str(uuid)),
    ]
    await journal.append(connection, institution_id, attempt.id, policy, begun, actor_id)
    prior = publication.plans[form.occasion].design.ability
    opening = Opening(
        uuid=uuid, attempt_id=attempt.id, account_id=attempt.account_id, bank_version_id=bank.version_id,
        occasion=form.occasion, tie_key=secrets.token_bytes(16), pool=None, theta=prior.start_theta,
        sem=prior.prior_sd, started_at=now, deadline=None, form=kind,
    )  # fmt: skip
    session_id = await sessions.open_session(connection, institution_id, opening)
    places = {item.key: place for place, item in enumerate(bank.items[: bank.n_operational])}
    for position, key in enumerate(form.items):
        shown = shown_item(publication, position, NextItem(places[key]), now)
        await sessions.show_item(connection, institution_id, session_id, attempt.account_id, shown)
    return uuid


async def papers_out(database: Database, institution_id: int) -> list[Paper]:
    """The forms that are out."""
    async with database.transaction(institution_id) as connection:
        return await papers.running(connection)
