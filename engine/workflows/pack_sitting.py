"""Put everything behind one decision into a file that recomputes it without this program."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from engine.decisions import Decision
from engine.delivery import shortest_test
from engine.errors import Unknown
from engine.frozen_bank import FrozenBank
from engine.policies.records import occasion_of
from engine.replay_pack import PackedAnswer, build_pack, write_pack
from engine.rescoring import Override, overridden
from engine.sessions import Administered
from engine.storage import attempts, rescorings, sessions
from engine.workflows import journal
from engine.workflows.shelf import Shelf
from itembank.items import content_hash
from itembank.storage.database import Database


async def pack_sitting(database: Database, shelf: Shelf, institution_id: int, session_uuid: UUID) -> bytes:
    """The appeal pack of a finished sitting: a zip that `python3` runs.

    Raises:
        Unknown: when there is no such sitting, or it still runs.
        RecordBroken: when the log does not agree with itself.
    """
    async with database.transaction(institution_id) as connection:
        row = await sessions.find(connection, session_uuid)
        if row is None or row.outcome is None:
            raise Unknown(f"There is no finished sitting {session_uuid} in this institution.")
        attempt = await attempts.get(connection, row.attempt_id)
        publication = await shelf.publication(connection, attempt.assessment_version_id)
        chain, _ = await journal.read(connection, attempt.id)
        shown = await sessions.administered(connection, row.id)
        marks = await rescorings.of_session(connection, row.id)
    bank, policy = publication.bank, publication.version.policy
    occasion = occasion_of(policy, row.occasion)
    overrides = [override for override, effect in marks if effect != "held"]
    pack = build_pack(
        policy,
        row.occasion,
        str(row.uuid),
        msgspec.convert(row.outcome, Decision),
        packed_answers(bank, shown, overrides),
        bank.curve,
        bank.grid[1],
        chain,
        {name: bank.competency_curves[name] for name in occasion.competency_cuts},
        shortest=shortest_test(occasion, bank),
    )
    return write_pack(pack)


def packed_answers(
    bank: FrozenBank, shown: Sequence[Administered], overrides: Sequence[Override]
) -> list[PackedAnswer]:
    """Every item shown with its answer; those that count with the frozen row of their category."""
    return [_packed(bank, item, counting) for item, counting in zip(shown, overridden(shown, overrides))]


def _packed(bank: FrozenBank, item: Administered, counting: Administered) -> PackedAnswer:
    counted = counting.category is not None and not item.is_pretest
    kept = bank.items[item.bank_position]
    return PackedAnswer(
        position=item.position,
        item=kept.key,
        competency=bank.competency[item.bank_position] if not item.is_pretest else "",
        category=counting.category,
        answer=item.answer,
        content_hash=content_hash(kept),
        counted=counted,
        withdrawn=item.category is not None and counting.category is None and not item.is_pretest,
        row=bank.tables[item.bank_position][counting.category] if counted and counting.category is not None else (),
    )
