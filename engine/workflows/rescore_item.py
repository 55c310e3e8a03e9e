"""Withdraw or re-key an item after people have answered it: first who is affected and how, then, if wanted, do it.

Decisions follow at once, and credit and credentials follow the decisions. The item itself is not changed: an item
version never is. Whoever sits the published bank later is decided without the item, or by its new key.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal
from uuid import UUID, uuid4

from msgspec.structs import replace

from engine.decisions import Decision
from engine.delivery import decide_outcome
from engine.errors import EngineError, Unknown
from engine.events import AttemptOpened, CreditRevoked, Event, SittingRescored
from engine.journey import Journey, decide
from engine.policies.records import Policy, occasion_of
from engine.rescoring import Correction, Override, Preview, ScoredAnswer, ScoredSitting, apply, overridden, preview
from engine.sessions import Administered, SessionRow
from engine.standing import Sitting
from engine.storage import attempts, credentials, credits, rescorings, sessions
from engine.storage.attempts import Attempt
from engine.workflows import journal
from engine.workflows.finish_sitting import award_if_due
from engine.workflows.issue_credential import take_back
from engine.workflows.rebase_credit import rebase_credit
from engine.workflows.shelf import Publication, Shelf
from itembank.errors import BankUnknown
from itembank.items import ItemScoring, ResponseDeclaration
from itembank.records import Record, canonical
from itembank.scoring import score
from itembank.storage import banks, items
from itembank.storage.database import Connection, Database


class Asked(Record, frozen=True, kw_only=True):
    """Which item, and what to do with it. `key`: the right values by response, for a re-key."""

    bank: str
    item: str
    kind: Literal["withdraw", "rekey"]
    reason: str
    hold_harmless: bool
    key: dict[str, tuple[str, ...]] = {}


class Applied(Record, frozen=True, kw_only=True):
    """What was done, under the uuid by which it is kept."""

    uuid: UUID
    preview: Preview


@dataclass(frozen=True)
class Touched:
    """A finished sitting in which the item was answered, with everything its decision rests on."""

    row: SessionRow
    attempt: Attempt
    publication: Publication
    shown: list[Administered]
    overrides: list[Override]
    scored: ScoredSitting

    def decided(self, override: Override) -> Decision:
        """The decision with one more override; equal to the one that stands when only the program is newer."""
        policy = self.publication.version.policy
        after = decide_outcome(
            policy, occasion_of(policy, self.row.occasion), self.publication.bank, self.shown,
            [*self.overrides, override],
        )  # fmt: skip
        before = self.scored.decision
        return before if replace(after, code_version=before.code_version) == before else after


@dataclass(frozen=True)
class Considered:
    """A correction with every sitting that it touches; what each would be decided is worked out once."""

    override: Override
    correction: Correction
    touched: list[Touched]

    @cached_property
    def decisions(self) -> dict[str, Decision]:
        """Sitting -> its decision under the correction."""
        return {one.scored.sitting: one.decided(self.override) for one in self.touched}

    def preview(self, *, hold_harmless: bool) -> Preview:
        """Who would be affected and how."""
        scored = [one.scored for one in self.touched]
        decided = self.decisions
        return preview(scored, self.correction, lambda one, _: decided[one.sitting], hold_harmless=hold_harmless)


async def preview_rescoring(database: Database, shelf: Shelf, institution_id: int, asked: Asked) -> Preview:
    """Who would be affected and whose decision would change; nothing is written.

    Raises:
        BankUnknown, Unknown: when there is no such item. EngineError: when the new key cannot be followed.
    """
    async with database.transaction(institution_id) as connection:
        considered = await _consider(connection, shelf, asked)
    return considered.preview(hold_harmless=asked.hold_harmless)


async def preview_both_ways(
    database: Database, shelf: Shelf, institution_id: int, asked: Asked
) -> tuple[Preview, Preview]:
    """The same with learners held harmless, and not.

    Raises:
        BankUnknown, Unknown, EngineError: as for the preview.
    """
    async with database.transaction(institution_id) as connection:
        considered = await _consider(connection, shelf, asked)
    return considered.preview(hold_harmless=True), considered.preview(hold_harmless=False)


async def apply_rescoring(
    database: Database, shelf: Shelf, institution_id: int, account_id: int, by: str, named: str, asked: Asked
) -> Applied:
    """Rewrite the decisions that change, each as an event with its reason; all of them or none.

    Raises:
        BankUnknown, Unknown, EngineError: as for the preview.
    """
    async with database.transaction(institution_id) as connection:
        await rescorings.lock(connection, institution_id, shared=False)
        considered = await _consider(connection, shelf, asked)
        previewed = considered.preview(hold_harmless=asked.hold_harmless)
        now: datetime = await connection.fetchval("SELECT now()")
        uuid = uuid4()
        rescoring_id = await rescorings.add(
            connection, institution_id, uuid, considered.override, named, asked.reason, account_id, now
        )
        held = {one.sitting for one in previewed.affected if one.outcome == "held_harmless"}
        rewritten = apply(previewed, now)
        for one in considered.touched:
            key = one.scored.sitting
            await rescorings.mark(
                connection, institution_id, rescoring_id, one.row.id, "held" if key in held else "applied"
            )
            if key in rewritten:
                await _rewrite(connection, institution_id, account_id, by, one, rewritten[key])
    return Applied(uuid=uuid, preview=previewed)


async def _consider(connection: Connection, shelf: Shelf, asked: Asked) -> Considered:
    override = await _override(connection, asked)
    found = [await _touched(connection, shelf, uuid) for uuid in await rescorings.touched(connection, override.item_id)]
    touched = [one for one in found if one is not None]
    correction = Correction(
        item=str(override.item_id), kind=asked.kind, reason=asked.reason,
        categories={one.scored.sitting: category_of(one, override) for one in touched} if override.scoring else {},
    )  # fmt: skip
    return Considered(override, correction, touched)


async def _override(connection: Connection, asked: Asked) -> Override:
    bank = await banks.find(connection, asked.bank)
    if bank is None:
        raise BankUnknown(f"There is no bank '{asked.bank}' here.")
    stored = next((one for one in await items.current(connection, bank.id) if one.item.key == asked.item), None)
    if stored is None:
        raise Unknown(f"Bank '{asked.bank}' has no item '{asked.item}'; check the key.")
    scoring = rekeyed(stored.item.scoring, asked.key) if asked.kind == "rekey" else None
    return Override(item_id=stored.id, kind=asked.kind, scoring=scoring, hold_harmless=asked.hold_harmless)


def rekeyed(scoring: ItemScoring, key: dict[str, tuple[str, ...]]) -> ItemScoring:
    """The scoring with other right values.

    Raises:
        EngineError: for an item whose points do not come from right values alone, or a response it does not have.
    """
    if scoring.rule != "match_correct":
        raise EngineError(
            f"The item is scored by '{scoring.rule}', not by right values alone, so it cannot be re-keyed; withdraw it."
        )
    known = {declared.identifier for declared in scoring.responses}
    if not key or not set(key) <= known or not all(key.values()):
        raise EngineError(f"key must give right values for {', '.join(sorted(known))}.")
    return replace(scoring, responses=tuple(_with_key(declared, key) for declared in scoring.responses))


def _with_key(declared: ResponseDeclaration, key: dict[str, tuple[str, ...]]) -> ResponseDeclaration:
    return replace(declared, correct=key.get(declared.identifier, declared.correct), mapping=None)


async def _touched(connection: Connection, shelf: Shelf, session_uuid: UUID) -> Touched | None:
    """A sitting with its standing decision; None when its score was struck."""
    row = await sessions.find(connection, session_uuid)
    assert row is not None
    attempt = await attempts.get(connection, row.attempt_id)
    publication = await shelf.publication(connection, attempt.assessment_version_id)
    _, events = await journal.read(connection, attempt.id)
    journey = decide(publication.version.policy, events, row.now)
    sitting = next(one for one in journey.sittings if one.key == str(row.uuid))
    if sitting.decision is None:
        return None
    shown = await sessions.administered(connection, row.id)
    marks = await rescorings.of_session(connection, row.id)
    overrides = [override for override, effect in marks if effect != "held"]
    scored = ScoredSitting(
        sitting=str(row.uuid), learner=_learner(events),
        occasion=row.occasion, answers=tuple(_scored(overridden(shown, overrides))), decision=sitting.decision,
        credited=journey.credit is not None and journey.credit.sitting == str(row.uuid),
        otherwise=bool(_without(publication.version.policy, events, sitting, row.now).rebase),
    )  # fmt: skip
    return Touched(row, attempt, publication, shown, overrides, scored)


def _without(policy: Policy, events: Sequence[Event], sitting: Sitting, now: datetime) -> Journey:
    """Where the learner would stand had this sitting failed."""
    assert sitting.decision is not None
    failed = replace(sitting.decision, passed=False)
    return decide(policy, [*events, SittingRescored(at=now, sitting=sitting.key, decision=failed, reason="?")], now)


def _learner(events: Sequence[Event]) -> str:
    return next(event.learner for event in events if isinstance(event, AttemptOpened))


def _scored(shown: Sequence[Administered]) -> Iterable[ScoredAnswer]:
    return (ScoredAnswer(item=str(item.item_id), category=item.category) for item in shown if not item.is_pretest)


def category_of(touched: Touched, override: Override) -> int:
    """The category of the sitting's answer under the new key.

    Raises:
        EngineError: when the frozen table of the item has no such category.
    """
    item = next(item for item in touched.shown if item.item_id == override.item_id)
    if override.scoring is None or item.answer is None or item.category is None:
        return item.category or 0
    category = score(override.scoring, item.answer).category
    most = len(touched.publication.bank.tables[item.bank_position]) - 1
    if not 0 <= category <= most:
        raise EngineError(f"The new key gives category {category}, but the item was calibrated with 0 to {most}.")
    return category


async def _rewrite(
    connection: Connection, institution_id: int, account_id: int, by: str, touched: Touched, event: SittingRescored
) -> None:
    """Write one decision anew; what rests on it follows."""
    attempt, publication = touched.attempt, touched.publication
    policy = publication.version.policy
    await attempts.lock(connection, attempt.id)
    events = await journal.append(connection, institution_id, attempt.id, policy, [event], account_id)
    await sessions.set_outcome(connection, touched.row.id, canonical(event.decision))
    journey = decide(policy, events, event.at)
    credit = await credits.of_attempt(connection, attempt.id)
    if journey.credit is None or credit is None or credit.revoked_at is not None:
        await award_if_due(connection, institution_id, publication, attempt, events, event.at)
    elif journey.rebase:
        reason = f"after rescoring: {event.reason}"
        await rebase_credit(
            connection, institution_id, policy, attempt, journey, event.at, by, reason[:200], account_id
        )
    elif not journey.credit_founded:
        revoked = CreditRevoked(at=event.at, by=by, reason=event.reason)
        await take_back(connection, institution_id, policy, attempt, credit.id, revoked, account_id)
    elif journey.credit.sitting == event.sitting:
        await credits.set_grade(connection, credit.id, journey.grade)
        await credentials.revoke(connection, credit.id, event.at, f"Replaced after rescoring: {event.reason}")
