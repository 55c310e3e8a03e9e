"""Write down which courses a learner has completed by now, each once, and which a revoked part has reopened."""

from datetime import datetime

from engine.credit import settle
from engine.storage import courses
from itembank.storage.database import Connection


async def settle_courses(connection: Connection, institution_id: int, account_id: int, now: datetime) -> None:
    """Append what the ledger lacks; in the same transaction as the credit that was given or taken back."""
    published = await courses.every(connection)
    if not published:
        return
    await courses.lock(connection, account_id)
    for entry in settle(published, await courses.ledger(connection, account_id), now):
        await courses.add_entry(connection, institution_id, account_id, entry)
