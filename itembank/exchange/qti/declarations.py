"""Response and outcome declarations of an item, checked against their own types."""

import math
from typing import cast, get_args

from lxml import etree

from itembank.errors import ItemInvalid
from itembank.exchange.qti.names import attributes, child, children, flag
from itembank.expressions import numbers
from itembank.expressions.mappings import check_area
from itembank.expressions.values import read_value
from itembank.items import (
    AreaEntry,
    AreaMapping,
    BaseType,
    Cardinality,
    LookupTable,
    MapEntry,
    Mapping,
    OutcomeDeclaration,
    ResponseDeclaration,
    StatedField,
)

SHAPES = ("default", "rect", "circle", "poly", "ellipse")


def read_response(element: etree._Element) -> ResponseDeclaration:
    """A response declaration.

    Raises:
        ItemInvalid: when its type is unknown or a stated value does not have it.
    """
    values = attributes(element)
    identifier = values.get("identifier", "").strip()
    base_type, cardinality = _types(identifier, values)
    return ResponseDeclaration(
        identifier=identifier,
        base_type=base_type,
        cardinality=cardinality,
        correct=_stated(element, "correct_response", identifier, base_type, cardinality),
        default=_stated(element, "default_value", identifier, base_type, cardinality),
        correct_fields=_fields(element, "correct_response", identifier, cardinality),
        default_fields=_fields(element, "default_value", identifier, cardinality),
        mapping=_mapping(child(element, "mapping"), identifier),
        area_mapping=_area_mapping(child(element, "area_mapping"), identifier),
    )


def _types(identifier: str, values: dict[str, str]) -> tuple[BaseType, Cardinality]:
    cardinality = values.get("cardinality", "single").strip()
    base_type = values.get("base_type", "string" if cardinality == "record" else "identifier").strip()
    if not identifier:
        raise ItemInvalid("A variable is declared without an identifier; give it one.")
    if cardinality not in get_args(Cardinality):
        raise ItemInvalid(f"Variable {identifier}: '{cardinality}' is no cardinality of QTI; correct it.")
    if base_type not in get_args(BaseType):
        raise ItemInvalid(f"Variable {identifier}: '{base_type}' is no base type of QTI; correct it.")
    return cast(BaseType, base_type), cast(Cardinality, cardinality)


def _stated(
    element: etree._Element, name: str, identifier: str, base_type: BaseType, cardinality: Cardinality
) -> tuple[str, ...]:
    """The values a declaration states, in QTI string form."""
    holder = child(element, name)
    if holder is None or cardinality == "record":
        return ()
    texts = tuple("".join(map(str, value.itertext())).strip() for value in children(holder, "value"))
    if base_type == "point":
        texts = tuple(text.replace(",", " ") for text in texts)
    try:
        read_value(texts, base_type, cardinality)
    except ValueError as failure:
        raise ItemInvalid(f"Variable {identifier}, {name.replace('_', ' ')}: {failure}") from None
    return tuple(text for text in texts if text)


def _fields(element: etree._Element, name: str, identifier: str, cardinality: Cardinality) -> tuple[StatedField, ...]:
    """The fields that the declaration of a record states."""
    holder = child(element, name)
    if holder is None or cardinality != "record":
        return ()
    return tuple(
        _field(value, f"Variable {identifier}, {name.replace('_', ' ')}") for value in children(holder, "value")
    )


def _field(element: etree._Element, where: str) -> StatedField:
    values = attributes(element)
    name, base_type = values.get("field_identifier", "").strip(), values.get("base_type", "string").strip()
    if not name or base_type not in get_args(BaseType):
        raise ItemInvalid(f"{where}: a field of a record needs a name and a base type of QTI; correct it.")
    text = "".join(map(str, element.itertext())).strip()
    try:
        read_value((text,), base_type, "single")
    except ValueError as failure:
        raise ItemInvalid(f"{where}: {failure}") from None
    return StatedField(name=name, base_type=cast(BaseType, base_type), value=text)


def _number(text: str | None, where: str, otherwise: float | None = None) -> float:
    try:
        value = float(text) if text is not None and text.strip() else otherwise
    except ValueError:
        value = None
    if value is None or not math.isfinite(value) or abs(value) > numbers.LARGEST:
        raise ItemInvalid(f"{where}: '{text or ''}' is not a number; correct it.")
    return value


def _bounds(values: dict[str, str], where: str) -> tuple[float, float | None, float | None]:
    default = _number(values.get("default_value"), where, 0.0)
    lower, upper = values.get("lower_bound"), values.get("upper_bound")
    return (
        default,
        None if lower is None else _number(lower, where),
        None if upper is None else _number(upper, where),
    )


def _mapping(element: etree._Element | None, identifier: str) -> Mapping | None:
    if element is None:
        return None
    where = f"Variable {identifier}, mapping"
    values = attributes(element)
    default, lower, upper = _bounds(values, where)
    case = flag(values, "case_sensitive", True)
    entries = tuple(_map_entry(attributes(entry), where, case) for entry in children(element, "map_entry"))
    return Mapping(entries=entries, default=default, lower=lower, upper=upper)


def _map_entry(values: dict[str, str], where: str, case: bool) -> MapEntry:
    """An entry; `case` is what the mapping says of all of them, which some programs write there."""
    worth = _number(values.get("mapped_value"), where)
    return MapEntry(key=values.get("map_key", ""), value=worth, case_sensitive=flag(values, "case_sensitive", case))


def _area_mapping(element: etree._Element | None, identifier: str) -> AreaMapping | None:
    if element is None:
        return None
    where = f"Variable {identifier}, area mapping"
    default, lower, upper = _bounds(attributes(element), where)
    entries = tuple(_area_entry(attributes(entry), where) for entry in children(element, "area_map_entry"))
    return AreaMapping(entries=entries, default=default, lower=lower, upper=upper)


def _area_entry(values: dict[str, str], where: str) -> AreaEntry:
    shape = values.get("shape", "default")
    if shape not in SHAPES:
        raise ItemInvalid(f"{where}: '{shape}' is no shape of QTI; use one of {', '.join(SHAPES)}.")
    worth = _number(values.get("mapped_value"), where)
    entry = AreaEntry(shape=shape, coords=values.get("coords", ""), value=worth)  # type: ignore[arg-type]
    try:
        check_area(entry)
    except ValueError as failure:
        raise ItemInvalid(f"{where}: {failure}") from None
    return entry


def read_outcome(element: etree._Element) -> OutcomeDeclaration:
    """An outcome declaration with its default, bounds and lookup table.

    Raises:
        ItemInvalid: as for responses.
    """
    values = attributes(element)
    identifier = values.get("identifier", "").strip()
    base_type, cardinality = _types(identifier, values)
    highest, lowest = values.get("normal_maximum"), values.get("normal_minimum")
    external = values.get("external_scored", "")
    return OutcomeDeclaration(
        identifier=identifier,
        base_type=base_type,
        cardinality=cardinality,
        default=_stated(element, "default_value", identifier, base_type, cardinality),
        normal_maximum=None if highest is None else _number(highest, f"Variable {identifier}"),
        normal_minimum=None if lowest is None else _number(lowest, f"Variable {identifier}"),
        external=external if external in ("human", "externalMachine") else "",  # type: ignore[arg-type]
        lookup=_lookup(element, identifier, base_type),
        default_fields=_fields(element, "default_value", identifier, cardinality),
    )


def _lookup(element: etree._Element, identifier: str, base_type: BaseType) -> LookupTable | None:
    table = child(element, "match_table", "interpolation_table")
    if table is None:
        return None
    where = f"Variable {identifier}, lookup table"
    rows = tuple(_row(attributes(row), where) for row in children(table))
    default = attributes(table).get("default_value")
    try:
        read_value([target for _, target, _ in rows] + [default or ""], base_type, "multiple")
    except ValueError as failure:
        raise ItemInvalid(f"{where}: {failure}") from None
    is_match = table.tag.endswith("atchTable") or table.tag.endswith("match-table")
    return LookupTable(kind="match" if is_match else "interpolation", rows=rows, default=default)


def _row(values: dict[str, str], where: str) -> tuple[float, str, bool]:
    source = _number(values.get("source_value"), where)
    return source, values.get("target_value", ""), flag(values, "include_boundary", True)
