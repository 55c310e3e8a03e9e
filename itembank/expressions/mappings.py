"""From a response to points: mappings, areas of a picture, lookup tables."""

from collections.abc import Iterator
from fractions import Fraction

from itembank.expressions import numbers
from itembank.expressions.values import NULL, Atom, Value, as_numbers, read_atom, write_atom
from itembank.items import AreaEntry, AreaMapping, LookupTable, MapEntry, Mapping

Point = tuple[Fraction, Fraction]


def map_value(value: Value, mapping: Mapping) -> Fraction:
    """The sum over the distinct values of what each is worth, within the bounds (QTI mapResponse).

    A blank is worth nothing, unless an entry for the empty string says otherwise.
    """
    distinct = list(dict.fromkeys(value.atoms))
    if not distinct:
        return _clamped(sum(_worth_of_blank(mapping), Fraction(0)), mapping.lower, mapping.upper)
    worth, used = Fraction(0), set[int]()
    for atom in distinct:
        index = _entry_for(atom, value.base_type, mapping)
        if index is None:
            worth += numbers.of_float(mapping.default)
        elif index not in used:
            used.add(index)
            worth += numbers.of_float(mapping.entries[index].value)
    return _clamped(worth, mapping.lower, mapping.upper)


def _worth_of_blank(mapping: Mapping) -> Iterator[Fraction]:
    return (numbers.of_float(entry.value) for entry in mapping.entries if not entry.key.strip())


def _entry_for(atom: Atom, base_type: str, mapping: Mapping) -> int | None:
    for index, entry in enumerate(mapping.entries):
        if _is_key(atom, base_type, entry):
            return index
    return None


def _is_key(atom: Atom, base_type: str, entry: MapEntry) -> bool:
    if isinstance(atom, str):
        key = str(read_atom(entry.key, "string"))
        return atom == key if entry.case_sensitive else atom.casefold() == key.casefold()
    try:
        return read_atom(entry.key, base_type) == atom
    except ValueError:
        return entry.key.strip() == write_atom(atom)


def _clamped(worth: Fraction, lower: float | None, upper: float | None) -> Fraction:
    if lower is not None:
        worth = max(worth, numbers.of_float(lower))
    return worth if upper is None else min(worth, numbers.of_float(upper))


def map_points(value: Value, mapping: AreaMapping) -> Fraction:
    """The worth of points: an area counts once however many points lie in it, one outside all counts the default."""
    worth, used = Fraction(0), set[int]()
    for atom in value.atoms:
        index = _area_of(atom, mapping)
        if index is None:
            worth += numbers.of_float(mapping.default)
        elif index not in used:
            used.add(index)
            worth += numbers.of_float(mapping.entries[index].value)
    return _clamped(worth, mapping.lower, mapping.upper)


def _area_of(atom: Atom, mapping: AreaMapping) -> int | None:
    for index, entry in enumerate(mapping.entries):
        if point_inside(atom, entry.shape, entry.coords):
            return index
    return None


def point_inside(atom: Atom, shape: str, coords: str) -> bool:
    """Whether a point lies in a shape or on its border (coords as in HTML maps: circle x,y,r; ellipse x,y,h,v)."""
    if not (isinstance(atom, tuple) and isinstance(atom[0], Fraction) and isinstance(atom[1], Fraction)):
        return False
    if shape == "default":
        return True
    return _SHAPES[shape]((atom[0], atom[1]), read_coords(coords))


def read_coords(coords: str) -> list[Fraction]:
    """The numbers of a `coords` attribute.

    Raises:
        ValueError: when one of them is no number.
    """
    return [numbers.exact(part) for part in coords.replace(",", " ").split()]


def check_area(entry: AreaEntry) -> None:
    """Raise ValueError when the shape lacks coordinates."""
    if entry.shape == "default":
        return
    needed = {"circle": 3, "rect": 4, "ellipse": 4, "poly": 6}[entry.shape]
    given = len(read_coords(entry.coords))
    if given < needed or (entry.shape == "poly" and given % 2):
        raise ValueError(f"the {entry.shape} '{entry.coords[:40]}' has {given} coordinates; it needs {needed}.")


def _in_rect(point: Point, coords: list[Fraction]) -> bool:
    left, right = sorted((coords[0], coords[2]))
    top, bottom = sorted((coords[1], coords[3]))
    return left <= point[0] <= right and top <= point[1] <= bottom


def _in_circle(point: Point, coords: list[Fraction]) -> bool:
    x, y = point[0] - coords[0], point[1] - coords[1]
    return x * x + y * y <= coords[2] * coords[2]


def _in_ellipse(point: Point, coords: list[Fraction]) -> bool:
    x, y, h, v = point[0] - coords[0], point[1] - coords[1], coords[2], coords[3]
    return x * x * v * v + y * y * h * h <= h * h * v * v and abs(x) <= abs(h) and abs(y) <= abs(v)


def _in_polygon(point: Point, coords: list[Fraction]) -> bool:
    corners = list(zip(coords[0::2], coords[1::2]))
    edges = list(zip(corners, [*corners[1:], corners[0]]))
    if any(_on_edge(point, start, end) for start, end in edges):
        return True
    return sum(_crosses(point, start, end) for start, end in edges) % 2 == 1


def _on_edge(point: Point, start: Point, end: Point) -> bool:
    cross = (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])
    within_x = min(start[0], end[0]) <= point[0] <= max(start[0], end[0])
    return cross == 0 and within_x and min(start[1], end[1]) <= point[1] <= max(start[1], end[1])


def _crosses(point: Point, start: Point, end: Point) -> bool:
    """Whether a ray from the point to the right crosses the edge (even-odd rule)."""
    if (start[1] > point[1]) == (end[1] > point[1]):
        return False
    at = start[0] + (point[1] - start[1]) * (end[0] - start[0]) / (end[1] - start[1])
    return point[0] < at


_SHAPES = {"rect": _in_rect, "circle": _in_circle, "ellipse": _in_ellipse, "poly": _in_polygon}


def look_up(value: Value, table: LookupTable) -> str | None:
    """The target of a match table (equal source) or interpolation table (first row whose bound is reached)."""
    read = as_numbers([value])
    if not read:
        return table.default
    for source, target, include in table.rows:
        bound = numbers.of_float(source)
        if read[0] == bound and (table.kind == "match" or include):
            return target
        if table.kind == "interpolation" and read[0] > bound:
            return target
    return table.default


def looked_up(value: Value, table: LookupTable | None, base_type: str) -> Value:
    """The value an outcome takes through its lookup table; NULL where nothing fits."""
    target = look_up(value, table) if table is not None else None
    return (
        NULL
        if target is None or not target.strip()
        else Value(base_type=base_type, atoms=(read_atom(target, base_type),))
    )
