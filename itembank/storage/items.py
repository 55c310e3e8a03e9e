"""Items and their versions. A version is written once; an edit makes the next one."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from itembank.items import Item, ItemContent, ItemFacts, ItemScoring, ParameterFacts, hash_of_parts
from itembank.lifecycle import State
from itembank.records import canonical
from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)
CHUNK = 500


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Where an item stands: its state and the hash of its newest version."""

    key: str
    id: int
    number: int
    state: State
    version_id: int
    content_hash: str


class StoredItem(msgspec.Struct, frozen=True, kw_only=True):
    """One version of an item as it is kept, with its ids and the item's state."""

    id: int
    version_id: int
    number: int
    state: State
    content_hash: str
    item: Item


class WrittenVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of an item from outside: its number, the hash of what it holds, when it was written."""

    number: int
    content_hash: str
    created_at: datetime


async def history(connection: Connection, item_id: int) -> list[WrittenVersion]:
    """The versions of an item, newest first."""
    return [msgspec.convert(dict(row), WrittenVersion) for row in await connection.fetch(sql.history, item_id)]


async def heads(connection: Connection, bank_id: int) -> dict[str, Head]:
    """Item key -> head, in the order of arrival."""
    rows = await connection.fetch(sql.heads, bank_id)
    return {row["key"]: msgspec.convert(dict(row), Head) for row in rows}


async def write(
    connection: Connection, institution_id: int, bank_id: int, items: Sequence[Item], before: Mapping[str, Head]
) -> None:
    """A version of each of these: the first one, with a new draft for it, or the next one of an item in `before`.

    While the database writes some of them, the next ones are made ready for it.
    """
    chunks = [items[start : start + CHUNK] for start in range(0, len(items), CHUNK)]
    ready = await asyncio.to_thread(_columns, chunks[0]) if chunks else []
    for chunk, following in zip(chunks, [*chunks[1:], ()]):
        writing = _write(connection, institution_id, bank_id, chunk, ready, before)
        _, ready = await asyncio.gather(writing, asyncio.to_thread(_columns, following))


async def _write(
    connection: Connection,
    institution_id: int,
    bank_id: int,
    items: Sequence[Item],
    columns: Sequence[str | list[Any]],
    before: Mapping[str, Head],
) -> None:
    heads = [before.get(item.key) for item in items]
    new = [item.key for item, head in zip(items, heads) if head is None]
    rows = await connection.fetch(sql.add_items, institution_id, bank_id, new) if new else []
    ids = {row["key"]: row["id"] for row in rows}
    places = [(ids[item.key], 1) if head is None else (head.id, head.number + 1) for item, head in zip(items, heads)]
    await connection.execute(sql.add_versions, institution_id, *_turned(places), *columns)
    later = [place for place, head in zip(places, heads) if head is not None]
    if later:
        await connection.execute(sql.advance, *_turned(later))


def _turned(rows: Sequence[tuple[int, int]]) -> list[list[int]]:
    return [list(column) for column in zip(*rows)]


def _columns(items: Sequence[Item]) -> list[str | list[Any]]:
    """What is written of each item whatever its place: a list a column; JSON and hashes as lines of one text, which is
    made and taken apart faster and cannot hold an end of line of its own."""
    parts = [(canonical(item.content), canonical(item.scoring), canonical(item.facts)) for item in items]
    return [
        [item.title for item in items],
        *(b"\n".join(column).decode() for column in zip(*parts)),
        [None if item.parameters is None else canonical(item.parameters).decode() for item in items],
        [item.not_deliverable for item in items],
        "\n".join([hash_of_parts(item, *own) for item, own in zip(items, parts)]),
    ]


async def categories(connection: Connection, bank_id: int, keys: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Item key -> id and highest category, of those that the bank holds."""
    rows = await connection.fetch(sql.categories, bank_id, list(keys))
    return {row["key"]: (row["id"], row["max_category"]) for row in rows}


async def current(connection: Connection, bank_id: int) -> list[StoredItem]:
    """The newest version of every item of a bank, in the order of arrival."""
    return [_decode(row) for row in await connection.fetch(sql.current, bank_id)]


async def versions(connection: Connection, version_ids: Sequence[int]) -> list[StoredItem]:
    """These versions, whatever came after them; in the order asked for."""
    rows = {row["version_id"]: row for row in await connection.fetch(sql.versions, list(version_ids))}
    return [_decode(rows[version_id]) for version_id in version_ids]


def _decode(row: Any) -> StoredItem:
    item = Item(
        key=row["key"],
        title=row["title"],
        content=msgspec.json.decode(row["content"], type=ItemContent),
        scoring=msgspec.json.decode(row["scoring"], type=ItemScoring),
        facts=msgspec.json.decode(row["facts"], type=ItemFacts),
        parameters=None if row["parameters"] is None else msgspec.json.decode(row["parameters"], type=ParameterFacts),
        not_deliverable=row["not_deliverable"],
    )
    return StoredItem(
        id=row["id"],
        version_id=row["version_id"],
        number=row["number"],
        state=row["state"],
        content_hash=row["content_hash"],
        item=item,
    )
