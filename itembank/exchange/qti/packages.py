"""QTI packages and single item files: every item found, with the report of what became of each."""

import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from lxml import etree

from itembank.errors import BankError, FileRefused
from itembank.exchange.archives import ArchiveLimits, read_archive
from itembank.exchange.qti.extras import apply_extras, read_extras
from itembank.exchange.qti.files import resolved
from itembank.exchange.qti.items import ReadItem, read_item
from itembank.exchange.qti.metadata import ItemMetadata, read_metadata
from itembank.exchange.qti.names import attributes, child, children, name_of, parse
from itembank.exchange.qti.usage_data import UsageStatistics, parameters_of, read_usage_data
from itembank.items import Item
from itembank.loss_report import ItemLoss, LossReport, refused, taken
from itembank.records import Record, settled

MANIFEST = "imsmanifest.xml"


class Package(Record, frozen=True, kw_only=True):
    """What a package holds. `assets` maps SHA-256 to bytes; `tests` are the identifiers of its tests (not read)."""

    items: tuple[Item, ...]
    assets: dict[str, bytes] = {}
    stimuli: dict[str, str] = {}
    tests: tuple[str, ...] = ()
    report: LossReport = LossReport()


class Resource(Record, frozen=True, kw_only=True):
    """One resource of a manifest: its type, its main file and what is said about it."""

    identifier: str
    type: str
    path: str
    metadata: ItemMetadata = ItemMetadata()


def read_package(source: bytes | Path, *, name: str = "", limits: ArchiveLimits | None = None) -> Package:
    """All items of a QTI package (zip) or of a single item file (XML).

    Raises:
        FileRefused: when the file is neither, or not safe to open; nothing is kept of it.
    """
    data = source.read_bytes() if isinstance(source, Path) else source
    known_as = name or (source.name if isinstance(source, Path) else "package")
    if not data:
        raise FileRefused(f"{known_as} is empty; send a QTI package (zip) or item (XML).")
    try:
        if data[:4] == b"PK\x03\x04" or data[:2] == b"PK":
            return _read_files(read_archive(data, limits), known_as)
        if b"<" not in data.lstrip()[:64]:
            raise FileRefused(f"{known_as} is neither a QTI package (zip) nor an XML file; send one of these.")
        return _read_single(data, known_as)
    except RecursionError:
        raise FileRefused(f"{known_as} is nested too deeply to be read; simplify it.") from None


def _read_single(data: bytes, known_as: str) -> Package:
    """One item file. A broken item in it is reported, a file that is no item is refused."""
    try:
        read = read_item(data, posixpath.basename(known_as))
    except FileRefused:
        raise
    except BankError as failure:
        return Package(
            items=(), report=LossReport(source=known_as, entries=(refused(known_as, known_as, str(failure)),))
        )
    return _package([read], [taken(read.item.key, known_as, read.notes)], known_as)


def _read_files(files: dict[str, bytes], known_as: str) -> Package:
    _refuse_without_manifest(files, known_as)
    manifest = parse(files[MANIFEST], MANIFEST)
    if name_of(manifest) != "manifest":
        raise FileRefused(f"{MANIFEST} in {known_as} is a '{name_of(manifest)}', not a manifest.")
    resources = tuple(_resources(manifest))
    notes: list[str] = []
    statistics = _statistics(resources, files, notes)
    extras = read_extras(files)
    read: list[ReadItem] = []
    entries: list[ItemLoss] = []
    taken_keys: set[str] = set()
    for resource in _items_of(resources, files):
        _read_resource(resource, files, statistics, extras, read, entries, taken_keys)
    tests = tuple(resource.identifier for resource in resources if "_test_" in resource.type.lower())
    if not entries:
        notes.append("The manifest names no QTI item.")
    notes.extend(_left_behind(resources, files, tests))
    package = _package(read, entries, known_as)
    report = msgspec.structs.replace(package.report, notes=tuple(notes))
    return msgspec.structs.replace(package, tests=tests, report=report)


def _refuse_without_manifest(files: Mapping[str, bytes], known_as: str) -> None:
    if MANIFEST in files:
        return
    nested = next((path for path in files if path.endswith("/" + MANIFEST)), None)
    if nested is not None:
        folder = nested.rsplit("/", 1)[0]
        raise FileRefused(f"{known_as} holds its manifest in '{folder}'; zip what is in that folder, not the folder.")
    raise FileRefused(f"{known_as} has no {MANIFEST} at its root, so it is no QTI package.")


def _resources(manifest: etree._Element) -> Iterator[Resource]:
    holder = child(manifest, "resources")
    for element in () if holder is None else children(holder, "resource"):
        values = attributes(element)
        href = values.get("href") or next((attributes(f).get("href", "") for f in children(element, "file")), "")
        yield Resource(
            identifier=values.get("identifier", ""),
            type=values.get("type", ""),
            path=resolved(href, MANIFEST) or href,
            metadata=read_metadata(child(element, "metadata")),
        )


def _items_of(resources: tuple[Resource, ...], files: Mapping[str, bytes]) -> Iterator[Resource]:
    """The resources that are items, by their type or, where the type is a vendor's own, by their root element."""
    seen: set[str] = set()
    for resource in resources:
        kind = resource.type.lower()
        is_item = kind.startswith(("imsqti_item", "imsqti_apipitem")) or kind == "imsqti_xmlv1p2"
        if (is_item or _is_untyped_item(resource, files)) and resource.path not in seen:
            seen.add(resource.path)
            yield resource


def _is_untyped_item(resource: Resource, files: Mapping[str, bytes]) -> bool:
    known = resource.type.lower().startswith(("imsqti_", "webcontent", "qtiusagedata", "css", "resourcemetadata"))
    return not known and _looks_like_item(files.get(resource.path, b""))


def _left_behind(resources: tuple[Resource, ...], files: Mapping[str, bytes], tests: tuple[str, ...]) -> Iterator[str]:
    """What the package holds and nobody reads, so that nothing is lost in silence."""
    if tests:
        yield f"Tests are not read, only their items: {', '.join(tests)[:200]}."
    named = {resource.path for resource in resources}
    unnamed = [path for path, data in files.items() if path not in named and _looks_like_item(data)]
    if unnamed:
        yield f"Item files that the manifest does not name are left out: {', '.join(unnamed)[:200]}."


def _looks_like_item(data: bytes) -> bool:
    start = data[:3000]
    return b"<assessmentItem" in start or b"<qti-assessment-item" in start


def _statistics(
    resources: tuple[Resource, ...], files: Mapping[str, bytes], notes: list[str]
) -> dict[str, UsageStatistics]:
    """Statistics of all populations by item; where several state the same item, the one with the most cases."""
    best: dict[str, UsageStatistics] = {}
    for resource in resources:
        if not _is_usage_data(resource, files):
            continue
        try:
            read = read_usage_data(files.get(resource.path, b""), resource.path)
        except FileRefused as failure:
            notes.append(f"Statistics left out: {failure}")
            continue
        for key, statistics in read.items():
            if key not in best or (statistics.n_responses or 0) > (best[key].n_responses or 0):
                best[key] = statistics
    unstated = [key for key, statistics in best.items() if statistics.lacks_metric]
    if unstated:
        notes.append(
            f"No Scaling-D is stated for the slopes of {len(unstated)} items, among them '{unstated[0]}'; they are "
            "taken as logistic (D = 1). If they are not, state Scaling-D in the file."
        )
    return best


def _is_usage_data(resource: Resource, files: Mapping[str, bytes]) -> bool:
    """By its type or, for content without one, by the root element that every version of usage data has."""
    kind = resource.type.lower()
    if "usagedata" in kind:
        return True
    start = files.get(resource.path, b"")[:3000]
    return kind == "webcontent" and resource.path.lower().endswith(".xml") and b"usageData" in start


def _read_resource(
    resource: Resource,
    files: dict[str, bytes],
    statistics: Mapping[str, UsageStatistics],
    extras: Mapping[str, dict[str, object]],
    read: list[ReadItem],
    entries: list[ItemLoss],
    taken_keys: set[str],
) -> None:
    data = files.get(resource.path)
    if data is None:
        why = f"its file '{resource.path[:120]}' is not in the package"
        entries.append(refused(resource.identifier, resource.path, why))
        return
    try:
        found = read_item(data, resource.path, files)
        found = _with_own_key(found, resource, taken_keys)
    except (BankError, RecursionError) as failure:
        entries.append(refused(resource.identifier, resource.path, str(failure)))
        return
    found = _described(found, resource, statistics)
    found = apply_extras(found, data, extras.get(resource.path))
    read.append(found)
    taken_keys.add(found.item.key)
    entries.append(taken(found.item.key, resource.path, found.notes))


def _with_own_key(read: ReadItem, resource: Resource, taken_keys: set[str]) -> ReadItem:
    """The item under a key that no other item of the package has."""
    key = read.item.key
    if key not in taken_keys:
        return read
    own = next(
        k for k in (f"{key}-{resource.identifier}{'+' * n}" for n in range(len(taken_keys) + 1)) if k not in taken_keys
    )
    note = f"Its identifier '{key}' is that of another item of the package; it is called '{own}' here."
    return msgspec.structs.replace(read, item=msgspec.structs.replace(read.item, key=own), notes=(*read.notes, note))


def _described(read: ReadItem, resource: Resource, statistics: Mapping[str, UsageStatistics]) -> ReadItem:
    """The item with what the manifest and the statistics say about it."""
    said = resource.metadata
    facts = msgspec.structs.replace(
        read.item.facts,
        competencies=said.competencies,
        alignments=said.alignments,
        tags=said.tags,
        usual_seconds=said.usual_seconds,
    )
    stated = statistics.get(read.item.key) or statistics.get(resource.identifier)
    item = msgspec.structs.replace(
        read.item,
        facts=settled(facts),
        title=read.item.title or said.title,
        parameters=None if stated is None else parameters_of(stated),
    )
    return msgspec.structs.replace(read, item=item)


def _package(read: list[ReadItem], entries: list[ItemLoss], known_as: str) -> Package:
    assets = {digest: data for found in read for digest, data in found.assets.items()}
    shared = [(found.item.content.stimulus_key, found.item.content.stimulus) for found in read]
    return Package(
        items=tuple(found.item for found in read),
        assets=assets,
        stimuli={key: text for key, text in shared if key},
        report=LossReport(source=known_as, entries=tuple(entries)),
    )
