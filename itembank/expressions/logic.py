"""Three-valued logic, comparison of strings and containers. NULL goes in and out as QTI says."""

from collections import Counter
from collections.abc import Iterable, Sequence

from itembank.expressions.patterns import compiled
from itembank.expressions.values import NULL, Atom, Value, boolean, text, truth
from itembank.items import Cardinality

LONGEST_MATCHED = 500


def known(result: bool | None) -> Value:
    return NULL if result is None else boolean(result)


def negation(args: Sequence[Value]) -> Value:
    held = truth(args[0])
    return known(None if held is None else not held)


def conjunction(args: Iterable[Value]) -> Value:
    held = [truth(value) for value in args]
    return known(False if False in held else None if None in held else True)


def disjunction(args: Iterable[Value]) -> Value:
    held = [truth(value) for value in args]
    return known(True if True in held else None if None in held else False)


def any_n(args: Sequence[Value], lowest: int, highest: int) -> Value:
    """Whether between `lowest` and `highest` operands are true; NULL when the NULLs among them could decide it."""
    held = [truth(value) for value in args]
    true, unknown = held.count(True), held.count(None)
    if true > highest or true + unknown < lowest:
        return boolean(False)
    return known(True if true >= lowest and true + unknown <= highest else None)


def gathered(args: Iterable[Value], cardinality: Cardinality) -> Value:
    """One container of all operands' values, NULLs left out."""
    held = [value for value in args if not value.is_null]
    if not held:
        return NULL
    atoms = tuple(atom for value in held for atom in value.atoms)
    return Value(base_type=held[0].base_type, cardinality=cardinality, atoms=atoms)


def repeated(args: Sequence[Value], times: int) -> Value:
    once = gathered(args, "ordered")
    if once.is_null or times < 1 or times * len(once.atoms) > 10_000:
        return NULL
    return Value(base_type=once.base_type, cardinality="ordered", atoms=once.atoms * times)


def item_at(value: Value, position: int) -> Value:
    """The value at a 1-based position of an ordered container; NULL outside it."""
    if not 1 <= position <= len(value.atoms):
        return NULL
    return Value(base_type=value.base_type, atoms=(value.atoms[position - 1],))


def is_member(value: Value, container: Value) -> Value:
    if value.is_null or container.is_null:
        return NULL
    return boolean(value.atoms[0] in container.atoms)


def deleted(value: Value, container: Value) -> Value:
    """The container without any instance of the value."""
    if value.is_null or container.is_null:
        return NULL
    rest = tuple(atom for atom in container.atoms if atom != value.atoms[0])
    return Value(base_type=container.base_type, cardinality=container.cardinality, atoms=rest)


def holds(container: Value, part: Value) -> Value:
    """Whether a container holds all of another: as often for multiple, as an unbroken run for ordered."""
    if container.is_null or part.is_null:
        return NULL
    if container.cardinality == "ordered":
        return boolean(_has_run(container.atoms, part.atoms))
    return boolean(not Counter(part.atoms) - Counter(container.atoms))


def _has_run(whole: tuple[Atom, ...], part: tuple[Atom, ...]) -> bool:
    return any(whole[start : start + len(part)] == part for start in range(len(whole) - len(part) + 1))


def same_text(args: Sequence[Value], case_sensitive: bool, substring: bool) -> Value:
    """QTI stringMatch, with the old `substring` form (the first holds the second)."""
    first, second = text(args[0]), text(args[1])
    if first is None or second is None:
        return NULL
    if not case_sensitive:
        first, second = first.casefold(), second.casefold()
    return boolean(second in first if substring else first == second)


def is_substring(args: Sequence[Value], case_sensitive: bool) -> Value:
    """Whether the first string stands in the second."""
    return same_text([args[1], args[0]], case_sensitive, substring=True)


def fits_pattern(value: Value, pattern: str) -> Value:
    """Whether the whole string fits an XML Schema regular expression; longer than 500 characters never fits."""
    given = text(value)
    if given is None:
        return NULL
    return boolean(len(given) <= LONGEST_MATCHED and compiled(pattern).fullmatch(given) is not None)
