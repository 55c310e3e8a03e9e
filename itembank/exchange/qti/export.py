"""A bank as a QTI package: items, shared texts, assets, metadata, statistics, and what QTI cannot say."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

import msgspec

from itembank.errors import BankError
from itembank.exchange.qti.extras import EXTRAS, extras_of
from itembank.exchange.qti.items import read_item
from itembank.exchange.qti.usage_data import write_usage_data
from itembank.exchange.qti.writing import Version
from itembank.exchange.qti.writing_items import write_item, write_stimulus
from itembank.exchange.qti.writing_manifest import write_manifest
from itembank.exchange.qti.writing_names import with_valid_names
from itembank.items import Item

USAGE_DATA = "statistics/usage-data.xml"
EPOCH = (1980, 1, 1, 0, 0, 0)


def write_package(items: Sequence[Item], assets: Mapping[str, bytes], version: Version = "3.0") -> bytes:
    """A QTI 3.0 or 2.2 package (zip) of the items; equal items give equal bytes.

    `assets` maps SHA-256 to bytes, as `Package.assets` does. Reading the package again gives items with equal content
    hashes and parameters.

    Raises:
        BankError: naming the item, when two have the same key or one names an asset whose bytes are not given.
    """
    files: dict[str, bytes] = {}
    paths = _item_paths(items)
    stimuli = _write_stimuli(items, version, files)
    for item in items:
        _add_assets(item, assets, files)
    extras: dict[str, dict[str, object]] = {}
    for item in items:
        path = paths[item.key]
        files[path] = write_item(with_valid_names(item), version, path, stimuli.get(item.content.stimulus, ""))
        differing = extras_of(files[path], item, _reread(item, path, files))
        if len(differing) > 1:
            extras[path] = differing
    if extras:
        files[EXTRAS] = msgspec.json.encode(extras, order="deterministic")
    usage = write_usage_data(items)
    if usage is not None:
        files[USAGE_DATA] = usage
    manifest = write_manifest(items, paths, stimuli, sorted(set(files) - set(paths.values())), version)
    return _zipped({"imsmanifest.xml": manifest, **files})


def _item_paths(items: Iterable[Item]) -> dict[str, str]:
    paths: dict[str, str] = {}
    taken: set[str] = set()
    for number, item in enumerate(items, 1):
        if item.key in paths:
            raise BankError(f"Two items have the key '{item.key}'; rename one before exporting.")
        name = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in item.key)[:80] or "item"
        paths[item.key] = f"items/{name}.xml" if name.lower() not in taken else f"items/{name}-{number}.xml"
        taken.add(name.lower())
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


def _add_assets(item: Item, assets: Mapping[str, bytes], files: dict[str, bytes]) -> None:
    for asset in item.content.assets:
        path = unquote(asset.name)
        if asset.sha256 not in assets:
            raise BankError(f"Item {item.key} shows '{asset.name}', whose bytes are not at hand; import it again.")
        if files.setdefault(path, assets[asset.sha256]) != assets[asset.sha256]:
            raise BankError(f"Item {item.key} shows '{asset.name}', which is another file in another item; rename it.")


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
