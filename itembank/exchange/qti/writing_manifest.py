"""The manifest of an exported package: every file, with LOM, CASE and QTI metadata of the items."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from lxml import etree

from itembank.exchange.qti.writing import Version, camel, printable, written
from itembank.items import Item

CP: dict[Version, str] = {
    "2.2": "http://www.imsglobal.org/xsd/imscp_v1p1",
    "3.0": "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
}
SCHEMAS: dict[Version, tuple[str, str]] = {"2.2": ("QTIv2.2 Package", "1.0.0"), "3.0": ("QTI Package", "3.0.0")}
SUFFIX: dict[Version, str] = {"2.2": "xmlv2p2", "3.0": "xmlv3p0"}
QTI_METADATA: dict[Version, str] = {
    "2.2": "http://www.imsglobal.org/xsd/imsqti_metadata_v2p2",
    "3.0": "http://www.imsglobal.org/xsd/imsqti_metadata_v3p0",
}
CASE: dict[Version, str] = {
    "2.2": "http://www.imsglobal.org/xsd/imscsmd_v1p0",
    "3.0": "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscsmd_v1p1",
}
USAGE_DATA: dict[Version, str] = {"2.2": "webcontent", "3.0": "qtiusagedata/xml"}
"""2.2's manifest has no type of its own for statistics; readers find them by their root element."""
LOM = "http://ltsc.ieee.org/xsd/LOM"


class _Manifest:
    def __init__(self, version: Version) -> None:
        self.version = version
        prefixes = {None: CP[version], "lom": LOM, "qti": QTI_METADATA[version], "csm": CASE[version]}
        self.root = etree.Element(f"{{{CP[version]}}}manifest", nsmap=prefixes)  # type: ignore[arg-type]
        self.root.set("identifier", "MANIFEST")

    def add(self, parent: etree._Element, space: str, name: str, text: str | None = None) -> etree._Element:
        made = etree.SubElement(parent, f"{{{space}}}{name}")
        made.text = None if text is None else printable(text)
        return made

    def cp(self, parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
        return self.add(parent, CP[self.version], name, text)

    def resource(self, parent: etree._Element, identifier: str, kind: str, path: str) -> etree._Element:
        made = self.cp(parent, "resource")
        made.set("identifier", identifier)
        made.set("type", kind)
        made.set("href", quote(path))
        return made

    def file(self, resource: etree._Element, href: str) -> None:
        self.cp(resource, "file").set("href", href)


def write_manifest(
    items: Sequence[Item], paths: Mapping[str, str], stimuli: Mapping[str, str], others: Sequence[str], version: Version
) -> bytes:
    """`paths` are those of the items by key, `stimuli` those of shared texts by text, `others` all other files."""
    manifest = _Manifest(version)
    head = manifest.cp(manifest.root, "metadata")
    for name, text in zip(("schema", "schemaversion"), SCHEMAS[version]):
        manifest.cp(head, name, text)
    manifest.cp(manifest.root, "organizations")
    resources = manifest.cp(manifest.root, "resources")
    texts = {path: f"TEXT{number}" for number, path in enumerate(sorted(set(stimuli.values())), 1)}
    for number, item in enumerate(items, 1):
        made = manifest.resource(resources, f"ITEM{number}", f"imsqti_item_{SUFFIX[version]}", paths[item.key])
        _describe(manifest, made, item)
        manifest.file(made, quote(paths[item.key]))
        for asset in item.content.assets:
            manifest.file(made, asset.name)
        if item.content.stimulus in stimuli:
            dependency = manifest.cp(made, "dependency")
            dependency.set("identifierref", texts[stimuli[item.content.stimulus]])
    _write_others(manifest, resources, texts, others)
    return etree.tostring(manifest.root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _write_others(
    manifest: _Manifest, resources: etree._Element, texts: Mapping[str, str], others: Sequence[str]
) -> None:
    for number, path in enumerate(others, 1):
        identifier, kind = f"FILE{number}", "webcontent"
        if path in texts:
            identifier, kind = texts[path], f"imsqti_stimulus_{SUFFIX[manifest.version]}"
        elif path.endswith("usage-data.xml"):
            kind = USAGE_DATA[manifest.version]
        made = manifest.resource(resources, identifier, kind, path)
        manifest.file(made, quote(path))


def _describe(manifest: _Manifest, resource: etree._Element, item: Item) -> None:
    """QTI, CASE and LOM metadata in the order that the schemas of both manifests ask for."""
    metadata = manifest.cp(resource, "metadata")
    facts = item.facts
    _write_qti(manifest, metadata, item)
    if facts.alignments:
        _write_case(manifest, metadata, item)
    if item.title or facts.tags or facts.competencies or facts.usual_seconds is not None:
        _write_lom(manifest, metadata, item)


def _write_case(manifest: _Manifest, metadata: etree._Element, item: Item) -> None:
    space = CASE[manifest.version]
    whole = manifest.add(metadata, space, "curriculumStandardsMetadataSet")
    whole.set("resourceLabel", "Item")
    whole.set("resourcePartId", item.key)
    guids = manifest.add(manifest.add(whole, space, "curriculumStandardsMetadata"), space, "setOfGUIDs")
    for address in item.facts.alignments:
        guid = manifest.add(guids, space, "labelledGUID")
        manifest.add(guid, space, "caseItemURI", address)
        manifest.add(guid, space, "GUID", address.rstrip("/").rsplit("/", 1)[-1])


def _write_lom(manifest: _Manifest, metadata: etree._Element, item: Item) -> None:
    lom = manifest.add(metadata, LOM, "lom")
    general = manifest.add(lom, LOM, "general")
    if item.title:
        manifest.add(manifest.add(general, LOM, "title"), LOM, "string", item.title)
    for tag in item.facts.tags:
        if not tag.startswith(("difficulty:", "status:")):
            manifest.add(manifest.add(general, LOM, "keyword"), LOM, "string", tag)
    _write_educational(manifest, lom, item)
    for competency in item.facts.competencies:
        classification = manifest.add(lom, LOM, "classification")
        purpose = manifest.add(classification, LOM, "purpose")
        manifest.add(purpose, LOM, "source", "LOMv1.0")
        manifest.add(purpose, LOM, "value", "competency")
        taxon = manifest.add(manifest.add(classification, LOM, "taxonPath"), LOM, "taxon")
        manifest.add(taxon, LOM, "id", competency)


def _write_educational(manifest: _Manifest, lom: etree._Element, item: Item) -> None:
    levels = [tag.partition(":")[2] for tag in item.facts.tags if tag.startswith("difficulty:")]
    if not levels and item.facts.usual_seconds is None:
        return
    educational = manifest.add(lom, LOM, "educational")
    for level in levels[:1]:
        difficulty = manifest.add(educational, LOM, "difficulty")
        manifest.add(difficulty, LOM, "source", "LOMv1.0")
        manifest.add(difficulty, LOM, "value", level)
    if item.facts.usual_seconds is not None:
        time = manifest.add(educational, LOM, "typicalLearningTime")
        manifest.add(time, LOM, "duration", f"PT{written(item.facts.usual_seconds)}S")


def _write_qti(manifest: _Manifest, metadata: etree._Element, item: Item) -> None:
    space = QTI_METADATA[manifest.version]
    qti = manifest.add(metadata, space, "qtiMetadata")
    kinds = list(dict.fromkeys(interaction.kind for interaction in item.content.interactions))
    manifest.add(qti, space, "timeDependent", "false")
    manifest.add(qti, space, "composite", written(len(item.content.interactions) > 1))
    for kind in kinds:
        named = "custom" if kind == "portable_custom" and manifest.version == "2.2" else kind
        manifest.add(qti, space, "interactionType", camel(f"{named}_interaction"))
    manifest.add(qti, space, "feedbackType", "nonadaptive" if item.scoring.feedback else "none")
    manifest.add(qti, space, "scoringMode", "human" if item.scoring.rule == "human" else "responseprocessing")
