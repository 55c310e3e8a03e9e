"""What QTI has no words for (enemies, levels, numeric keys, how points are cut), carried beside the items.

An exported package holds one JSON file with, per item file, its SHA-256 and only those fields that the item file alone
would not give back. They are applied when the item file still is what was exported; an edited file speaks for itself.
"""

import hashlib
from collections.abc import Mapping

import msgspec

from itembank.errors import ItemInvalid
from itembank.exchange.json_lines import cleaned
from itembank.exchange.qti.items import ReadItem
from itembank.expressions.checks import check_rules
from itembank.items import Item, check_item
from itembank.records import canonical, settled

EXTRAS = "assay-extras.json"
PARTS = ("content", "scoring", "facts", "title", "key", "not_deliverable")


def extras_of(written: bytes, original: Item, reread: Item) -> dict[str, object]:
    """The parts of an item that differ after reading its own export, with the file they belong to."""
    differing: dict[str, object] = {"sha256": hashlib.sha256(written).hexdigest()}
    for part in PARTS:
        ours = getattr(settled(original), part)
        if canonical(ours) != canonical(getattr(reread, part)):
            differing[part] = msgspec.to_builtins(ours)
    return differing


def read_extras(files: Mapping[str, bytes]) -> dict[str, dict[str, object]]:
    """The extras by item file; a file that cannot be read counts as absent, since items stand without it."""
    try:
        return msgspec.json.decode(files.get(EXTRAS, b"{}"), type=dict[str, dict[str, object]])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}


def apply_extras(read: ReadItem, written: bytes, extras: Mapping[str, object] | None) -> ReadItem:
    """The item with its extras, where they belong to these very bytes; a content they state must be sane."""
    if not extras or extras.get("sha256") != hashlib.sha256(written).hexdigest():
        return read
    stated = {part: extras[part] for part in PARTS if part in extras}
    try:
        item = msgspec.convert({**msgspec.to_builtins(read.item), **stated}, Item)
        check_rules(item.scoring.rules)
        check_item(item)
    except (msgspec.ValidationError, ItemInvalid, RecursionError, KeyError) as failure:
        return msgspec.structs.replace(read, notes=(*read.notes, f"Its extras are left out: {failure}."))
    return msgspec.structs.replace(read, item=_made_safe(item, read))


def _made_safe(item: Item, read: ReadItem) -> Item:
    """Extras come from outside like any other text: sanitised, and with no assets but those of the item file."""
    assets = tuple(asset for asset in item.content.assets if asset.sha256 in read.assets)
    content = msgspec.structs.replace(item.content, assets=assets)
    return cleaned(msgspec.structs.replace(item, content=content))
