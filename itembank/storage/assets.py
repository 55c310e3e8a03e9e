"""Images and sounds, each kept once by its SHA-256."""

from collections.abc import Mapping, Sequence

from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


async def save(
    connection: Connection, institution_id: int, media_types: Mapping[str, str], contents: Mapping[str, bytes]
) -> None:
    """Keep files by hash; those that are there already stay."""
    hashes = sorted(contents)
    await connection.execute(
        sql.save, institution_id, hashes, [media_types[sha256] for sha256 in hashes], [contents[s] for s in hashes]
    )


async def get(connection: Connection, hashes: Sequence[str]) -> dict[str, bytes]:
    """Hash -> bytes."""
    return {row["sha256"]: row["content"] for row in await connection.fetch(sql.get, list(hashes))}


async def one(connection: Connection, sha256: str) -> tuple[str, bytes] | None:
    """Media type and bytes of one file."""
    row = await connection.fetchrow(sql.one, sha256)
    return None if row is None else (row["media_type"], row["content"])
