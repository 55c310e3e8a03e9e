"""Bring items and their framework into a bank: all of it or nothing, and the same file twice changes nothing."""

from collections.abc import Mapping, Sequence

import msgspec

from itembank.competencies import Framework, check_framework
from itembank.errors import BankError, BankUnknown
from itembank.items import Item, check_item, content_hash
from itembank.lifecycle import edited
from itembank.records import Record
from itembank.storage import assets as asset_rows
from itembank.storage import banks, frameworks, item_events
from itembank.storage import items as item_rows
from itembank.storage.database import Connection, Database
from itembank.storage.item_events import Moving
from itembank.storage.items import Head
from itembank.workflows.move_items import standing_of


class ImportResult(Record, frozen=True, kw_only=True):
    """What an import did, or would do: item keys by outcome."""

    bank: str
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    back_to_draft: tuple[str, ...] = ()
    """Those of `changed` that ask or score something else now, so that their old parameters no longer hold."""
    dry_run: bool = False


async def import_bank(
    database: Database,
    institution_id: int,
    bank_key: str,
    incoming: Sequence[Item],
    *,
    framework: Framework | None,
    assets: Mapping[str, bytes] | None = None,
    title: str = "",
    dry_run: bool = False,
    account_id: int | None = None,
) -> ImportResult:
    """Add new items, make new versions of changed ones, leave equal ones alone; make the bank when it is new.

    Raises:
        BankError: for an item that contradicts itself, stands twice, or names a competency the framework lacks;
            nothing is saved then.
    """
    check_incoming(incoming, framework)
    async with database.transaction(institution_id, keep=not dry_run) as connection:
        result = await bring_in(
            connection, institution_id, bank_key, incoming, framework=framework, assets=assets or {}, title=title,
            account_id=account_id,
        )  # fmt: skip
    return msgspec.structs.replace(result, dry_run=dry_run)


def check_incoming(incoming: Sequence[Item], framework: Framework | None) -> None:
    """What can be told of items and framework before the database is asked.

    Raises:
        BankError.
    """
    _check(incoming)
    if framework is not None:
        check_framework(framework)


async def bring_in(
    connection: Connection,
    institution_id: int,
    bank_key: str,
    incoming: Sequence[Item],
    *,
    framework: Framework | None,
    assets: Mapping[str, bytes],
    title: str,
    account_id: int | None,
) -> ImportResult:
    """`import_bank` within a transaction of the caller's.

    Raises:
        BankError: the caller's transaction must not be kept then.
    """
    result = await _import(connection, institution_id, bank_key, incoming, framework, title, account_id)
    await _keep_assets(connection, institution_id, incoming, assets)
    return result


def _check(incoming: Sequence[Item]) -> None:
    seen: set[str] = set()
    for item in incoming:
        if item.key in seen:
            raise BankError(f"Item {item.key} stands twice in the file; rename or remove one of them.")
        seen.add(item.key)
        check_item(item)


async def _import(
    connection: Connection,
    institution_id: int,
    bank_key: str,
    incoming: Sequence[Item],
    framework: Framework | None,
    title: str,
    account_id: int | None,
) -> ImportResult:
    bank_id, framework_id = await _bank(connection, institution_id, bank_key, framework, title)
    await banks.lock(connection, bank_id)
    _check_competencies(incoming, await frameworks.competency_keys(connection, framework_id))
    heads = await item_rows.heads(connection, bank_id)
    new = [item for item in incoming if item.key not in heads]
    differing = [item for item in incoming if item.key in heads and heads[item.key].content_hash != content_hash(item)]
    demoted = await _demoted(connection, [heads[item.key] for item in differing], differing) if differing else []
    await item_rows.write(connection, institution_id, bank_id, [*new, *differing], heads)
    await item_events.move(connection, institution_id, demoted, account_id)
    touched = {item.key for item in (*new, *differing)}
    back = {moved.item_id for moved in demoted}
    return ImportResult(
        bank=bank_key,
        added=tuple(item.key for item in new),
        changed=tuple(item.key for item in differing),
        unchanged=tuple(item.key for item in incoming if item.key not in touched),
        back_to_draft=tuple(item.key for item in differing if heads[item.key].id in back),
    )


async def _demoted(connection: Connection, heads: Sequence[Head], incoming: Sequence[Item]) -> list[Moving]:
    """The items whose edit takes their state away.

    Raises:
        TransitionRefused: for a retired item.
    """
    stored = await item_rows.versions(connection, [head.version_id for head in heads])
    moves = []
    for before, after in zip(stored, incoming):
        standing = standing_of(before.item, before.state, before.number, calibrated=False)
        next_ = edited(standing, before.item, after)
        if next_.state != before.state:
            moves.append(
                Moving(
                    item_id=before.id, version=next_.version, from_state=before.state, to_state=next_.state,
                    reason=next_.reason,
                )
            )  # fmt: skip
    return moves


async def _keep_assets(
    connection: Connection, institution_id: int, incoming: Sequence[Item], contents: Mapping[str, bytes]
) -> None:
    media_types: dict[str, str] = {}
    for item in incoming:
        for asset in item.content.assets:
            if asset.sha256 not in contents:
                raise BankError(f"Item {item.key} shows '{asset.name}', which did not come with it; add the file.")
            media_types[asset.sha256] = asset.media_type
    shown = {sha256: contents[sha256] for sha256 in media_types}
    if shown:
        await asset_rows.save(connection, institution_id, media_types, shown)


async def _bank(
    connection: Connection, institution_id: int, bank_key: str, framework: Framework | None, title: str
) -> tuple[int, int]:
    bank = await banks.find(connection, bank_key)
    if framework is None:
        if bank is None:
            raise BankUnknown(f"There is no bank '{bank_key}' yet; name its framework with --framework to make it.")
        return bank.id, bank.framework_id
    framework_id = await frameworks.save(connection, institution_id, framework)
    if bank is None:
        bank_id = await banks.create(connection, institution_id, framework_id, bank_key, title or bank_key)
        return bank_id, framework_id
    if bank.framework_id != framework_id:
        raise BankError(
            f"Bank '{bank_key}' is tied to another framework; import into a new bank or leave --framework out."
        )
    return bank.id, framework_id


def _check_competencies(incoming: Sequence[Item], known: set[str]) -> None:
    unknown = sorted({key for item in incoming for key in item.facts.competencies if key not in known})
    if unknown:
        first = next(item for item in incoming if unknown[0] in item.facts.competencies)
        more = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        raise BankError(
            f"Item {first.key} names the competency '{unknown[0]}'{more}, which the framework does not hold; "
            "add it to the framework or correct the item."
        )
