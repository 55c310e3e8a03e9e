"""Files that somebody looks at before they are taken in; forgotten afterwards, or after a day."""

from uuid import UUID, uuid4

from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


async def keep(connection: Connection, institution_id: int, account_id: int, name: str, content: bytes) -> UUID:
    """Keep a file for the account that sent it."""
    uuid = uuid4()
    await connection.execute(sql.keep, uuid, institution_id, account_id, name, content)
    return uuid


async def find(connection: Connection, uuid: UUID, account_id: int) -> tuple[str, bytes] | None:
    """Name and bytes, for the account that sent it."""
    row = await connection.fetchrow(sql.find, uuid, account_id)
    return None if row is None else (row["name"], row["content"])


async def forget(connection: Connection, uuid: UUID) -> None:
    """Drop a file, and whatever has been lying for a day."""
    await connection.execute(sql.forget, uuid)
