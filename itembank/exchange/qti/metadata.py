"""What a manifest says of an item: LOM keywords, difficulty and taxonomies, CASE alignments, QTI metadata."""

from collections.abc import Iterator

from lxml import etree

from itembank.exchange.qti.names import local_name, text_of
from itembank.records import Record


class ItemMetadata(Record, frozen=True, kw_only=True):
    """Competencies are taxon ids and CASE labels (or GUIDs); alignments are CASE addresses; tags are all the rest."""

    title: str = ""
    competencies: tuple[str, ...] = ()
    alignments: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    usual_seconds: float | None = None


def read_metadata(element: etree._Element | None) -> ItemMetadata:
    """The metadata of one resource, whatever namespaces and prefixes it is written in."""
    if element is None:
        return ItemMetadata()
    guids = list(_found(element, "labelledGUID"))
    competencies = [*_taxa(element), *(_case_key(guid) for guid in guids)]
    alignments = [_case_address(guid) for guid in guids]
    return ItemMetadata(
        title=next((text_of(title) for title in _found(element, "title")), ""),
        competencies=tuple(dict.fromkeys(key for key in competencies if key)),
        alignments=tuple(dict.fromkeys(address for address in alignments if address)),
        tags=tuple(dict.fromkeys(_tags(element))),
        usual_seconds=_learning_time(element),
    )


def _found(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    return (part for part in element.iterdescendants() if isinstance(part.tag, str) and local_name(part) in names)


def _first(element: etree._Element, name: str) -> str:
    return next((text_of(part) for part in _found(element, name)), "")


def _taxa(element: etree._Element) -> Iterator[str]:
    """The id of the last taxon of each path (the finest), or its entry when it has no id."""
    for path in _found(element, "taxonPath", "taxonpath"):
        taxa = list(_found(path, "taxon"))
        if taxa:
            yield _first(taxa[-1], "id") or _first(taxa[-1], "entry")


def _case_key(guid: etree._Element) -> str:
    """A short label is the code of a statement ("RL.3.2"); a sentence is not, so the GUID stands instead."""
    label = _first(guid, "label")
    return label if label and len(label) <= 40 and len(label.split()) <= 2 else _first(guid, "GUID")


def _case_address(guid: etree._Element) -> str:
    return _first(guid, "caseItemURI") or _first(guid, "GUID")


def _tags(element: etree._Element) -> Iterator[str]:
    for keyword in _found(element, "keyword"):
        yield text_of(keyword)
    for difficulty in _found(element, "difficulty"):
        yield f"difficulty:{_first(difficulty, 'value') or text_of(difficulty)}"
    for status in _found(element, "status"):
        yield f"status:{_first(status, 'value') or text_of(status)}"


def _learning_time(element: etree._Element) -> float | None:
    """LOM's typical learning time (ISO 8601: PT1M30S) in seconds."""
    for part in _found(element, "typicalLearningTime", "typicallearningtime"):
        return _seconds(_first(part, "duration") or text_of(part))
    return None


def _seconds(text: str) -> float | None:
    if not text.startswith("PT"):
        return None
    total, digits = 0.0, ""
    for character in text[2:]:
        if character.isdigit() or character == ".":
            digits += character
        elif character in "HMS" and digits.count(".") < 2 and digits.strip("."):
            total += float(digits) * {"H": 3600, "M": 60, "S": 1}[character]
            digits = ""
        else:
            return None
    return total or None
