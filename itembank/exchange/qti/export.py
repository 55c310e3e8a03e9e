"""A bank as a QTI package: items, shared texts, assets, metadata, statistics, and what QTI cannot say."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, unquote

import msgspec

from itembank.errors import BankError
from itembank.exchange.qti.extras import EXTRAS, extras_of
from itembank.exchange.qti.items import read_item
from itembank.exchange.qti.usage_data import write_usage_data
from itembank.exchange.qti.writing import Version
from itembank.exchange.qti.writing_items import write_item, write_stimulus
from itembank.exchange.qti.writing_manifest import write_manifest
from itembank.exchange.qti.writing_names import with_valid_names
from itembank.items import Item, ItemContent

USAGE_DATA = "statistics/usage-data.xml"
EPOCH = (1980, 1, 1, 0, 0, 0)


def write_package(items: Sequence[Item], assets: Mapping[str, bytes], version: Version = "3.0") -> bytes:
    """A QTI 3.0 or 2.2 package (zip) of the items; equal items give equal bytes.

    `assets` maps SHA-256 to bytes, as `Package.assets` does. Reading the package again gives items with equal content
    hashes and parameters.

    Raises:
        BankError: naming the item, when two have the same key or an asset's bytes are not given.
    """
    files: dict[str, bytes] = {}
    paths = _item_paths(items)
    placed = [_with_assets(item, assets, files) for item in items]
    stimuli = _write_stimuli(placed, version, files)
    extras: dict[str, dict[str, object]] = {}
    for item, written in zip(items, placed):
        path = paths[item.key]
        files[path] = write_item(with_valid_names(written), version, path, stimuli.get(written.content.stimulus, ""))
        differing = extras_of(files[path], item, _reread(item, path, files))
        if len(differing) > 1:
            extras[path] = differing
    if extras:
        files[EXTRAS] = msgspec.json.encode(extras, order="deterministic")
    usage = write_usage_data(items)
    if usage is not None:
        files[USAGE_DATA] = usage
    manifest = write_manifest(placed, paths, stimuli, sorted(set(files) - set(paths.values())), version)
    return _zipped({"imsmanifest.xml": manifest, **files})


def _item_paths(items: Iterable[Item]) -> dict[str, str]:
    paths: dict[str, str] = {}
    taken: set[str] = set()
    for number, item in enumerate(items, 1):
        if item.key in paths:
            raise BankError(f"Two items have the key '{item.key}'; rename one before exporting.")
        name = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in item.key)[:80] or "item"
        while name.lower() in taken:
            name = f"{name}-{number}"
        taken.add(name.lower())
        paths[item.key] = f"items/{name}.xml"
    return paths


def _write_stimuli(items: Iterable[Item], version: Version, files: dict[str, bytes]) -> dict[str, str]:
    """Each shared text once; text -> path."""
    paths: dict[str, str] = {}
    for item in items:
        text = item.content.stimulus
        if text and text not in paths:
            paths[text] = f"stimuli/text-{len(paths) + 1}.xml"
            files[paths[text]] = write_stimulus(item.content.stimulus_key, text, version, paths[text], item)
    return paths


def _with_assets(item: Item, assets: Mapping[str, bytes], files: dict[str, bytes]) -> Item:
    """Put an item's assets among the files; a name that another item has for another file is not used twice."""
    renamed: dict[str, str] = {}
    for asset in item.content.assets:
        if asset.sha256 not in assets:
            raise BankError(f"Item {item.key} shows '{asset.name}', whose bytes are not at hand; import it again.")
        path, data = unquote(asset.name), assets[asset.sha256]
        if files.get(path, data) != data:
            path = f"assets/{asset.sha256[:16]}-{path.rsplit('/', 1)[-1]}"
            renamed[asset.name] = quote(path)
        files[path] = data
    return msgspec.structs.replace(item, content=_renamed(item.content, renamed)) if renamed else item


def _renamed(content: ItemContent, renamed: Mapping[str, str]) -> ItemContent:
    """The content with assets under other names, wherever they stand in quotes: markup, pictures, options."""
    text = msgspec.json.encode(content).decode()
    for before, after in renamed.items():
        for quoted in ('"{}"', '\\"{}\\"'):
            text = text.replace(quoted.format(before), quoted.format(after))
    return msgspec.json.decode(text, type=ItemContent)


def _reread(item: Item, path: str, files: Mapping[str, bytes]) -> Item:
    """The item as another reader of its file sees it, before metadata."""
    try:
        return read_item(files[path], path, files).item
    except BankError:
        return Item(key="", content=item.content, scoring=item.scoring)


def _zipped(files: Mapping[str, bytes]) -> bytes:
    holder = io.BytesIO()
    with zipfile.ZipFile(holder, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, EPOCH), data, zipfile.ZIP_DEFLATED)
    return holder.getvalue()
