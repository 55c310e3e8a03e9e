"""Close a flag: a named person says what came of it, and why. What is done is done by the workflows that exist for
it."""

from uuid import UUID

from engine.errors import EngineError, Unknown
from engine.events import SittingVoided
from engine.flags.records import OF_ITEMS, Outcome
from engine.storage import attempts, flags
from engine.storage.flags import KeptFlag
from engine.workflows import journal
from engine.workflows.shelf import Shelf
from engine.workflows.void_sitting import void_sitting
from itembank.records import Record
from itembank.storage.database import Database
from itembank.workflows.move_items import move_items


class FlagClosed(EngineError):
    """Somebody has closed the flag already."""


class Closing(Record, frozen=True, kw_only=True):
    """What came of a flag. sitting: which one is struck, where the flag is about two; uses_attempt: whether it
    counts."""

    outcome: Outcome
    named: str
    reason: str
    sitting: UUID | None = None
    uses_attempt: bool = False


async def close_flag(
    database: Database, shelf: Shelf, institution_id: int, account_id: int, by: str, uuid: UUID, closing: Closing
) -> KeptFlag:
    """The flag as it is kept now.

    The item is quarantined or the sitting struck while the flag is held, by a transaction of its own; where that is
    refused, the flag stays open, and whoever wants to close it at the same time finds it closed.

    Raises:
        Unknown: when there is no such flag.
        FlagClosed: when it is closed already.
        EngineError: when the outcome does not fit what the flag is about.
        JourneyRefused, TransitionRefused: what the workflow behind the outcome says.
    """
    async with database.transaction(institution_id) as connection:
        await flags.hold(connection, uuid)
        flag = _open(await flags.find(connection, uuid))
        if closing.outcome == "item_quarantined":
            await _quarantine(database, institution_id, account_id, flag, closing)
        if closing.outcome == "sitting_voided":
            await _strike(database, shelf, institution_id, account_id, by, flag, closing)
        await flags.close(connection, uuid, account_id, closing.outcome, closing.named, closing.reason)
        kept = await flags.find(connection, uuid)
        assert kept is not None
        return kept


def _open(flag: KeptFlag | None) -> KeptFlag:
    if flag is None:
        raise Unknown("There is no such flag here.")
    if flag.closed_at is not None:
        raise FlagClosed(f"This flag is closed: {flag.named} said why.")
    return flag


async def _quarantine(
    database: Database, institution_id: int, account_id: int, flag: KeptFlag, closing: Closing
) -> None:  # fmt: skip
    """Take the item out; one that is out already stays so."""
    if flag.kind not in OF_ITEMS or flag.item is None:
        raise EngineError("This flag is about sittings, not about an item; choose another outcome.")
    if flag.item_state in ("operational", "pretest"):
        await move_items(
            database, institution_id, flag.bank, [flag.item], "quarantined", closing.reason, account_id
        )  # fmt: skip


async def _strike(
    database: Database, shelf: Shelf, institution_id: int, account_id: int, by: str, flag: KeptFlag, closing: Closing
) -> None:
    """Strike the sitting; one that is struck already stays so."""
    chosen = [one for one in flag.sittings if closing.sitting in (None, one.sitting)]
    if flag.kind in OF_ITEMS:
        raise EngineError("This flag is about an item, not about a sitting; choose another outcome.")
    if len(chosen) != 1:
        raise EngineError("Name the sitting that is struck: one of those that the flag is about.")
    async with database.transaction(institution_id) as connection:
        attempt = await attempts.find(connection, chosen[0].attempt)
        events = [] if attempt is None else (await journal.read(connection, attempt.id))[1]
    struck = {event.sitting for event in events if isinstance(event, SittingVoided)}
    if str(chosen[0].sitting) not in struck:
        await void_sitting(
            database, shelf, institution_id, account_id, by, chosen[0].attempt, chosen[0].sitting, closing.reason,
            uses_attempt=closing.uses_attempt,
        )  # fmt: skip
