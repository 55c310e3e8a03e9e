"""Whether a tree of rules can be carried out: known operators, right numbers of operands, readable constants."""

from collections.abc import Callable, Container, Iterator, Sequence

from itembank.errors import ItemInvalid
from itembank.expressions import arithmetic, custom, patterns
from itembank.expressions.mappings import check_area
from itembank.expressions.values import read_atom
from itembank.items import AreaEntry, Expression
from itembank.response_processing import BY_CHANCE, DEEPEST, OPERATORS, RULES, walk

ONE = frozenset(
    {"is_null", "not", "container_size", "round", "truncate", "integer_to_float", "field_value", "inside", "index"}
    | {"pattern_match", "round_to", "stats_operator", "set_outcome_value", "lookup_outcome_value"}
)
TWO = frozenset(
    {"match", "member", "delete", "contains", "substring", "string_match", "equal", "equal_rounded", "lt", "lte", "gt"}
    | {"gte", "subtract", "divide", "power", "integer_divide", "integer_modulus", "duration_lt", "duration_gte"}
)
SOME = frozenset(
    {"sum", "product", "max", "min", "gcd", "lcm", "and", "or", "any_n", "repeat", "math_operator", "response_if"}
    | {"response_else_if", "response_condition"}
)
NEEDED = {
    "base_value": ("base_type",),
    "variable": ("identifier",),
    "correct": ("identifier",),
    "default": ("identifier",),
    "map_response": ("identifier",),
    "map_response_point": ("identifier",),
    "set_outcome_value": ("identifier",),
    "lookup_outcome_value": ("identifier",),
    "field_value": ("field_identifier",),
    "inside": ("shape",),
    "index": ("n",),
    "pattern_match": ("pattern",),
    "math_operator": ("name",),
    "stats_operator": ("name",),
    "math_constant": ("name",),
}
STATISTICS = ("mean", "median", "popVariance", "popSD", "sampleVariance", "sampleSD")


def unsupported(rules: Sequence[Expression]) -> tuple[str, ...]:
    """Why a tree cannot be carried out here, a clause each: chance, foreign code, operators of tests."""
    strange = (rule for rule in walk(rules) if rule["op"] not in OPERATORS | RULES)
    found = {rule["op"]: rule for rule in strange if not _is_known_custom(rule)}
    return tuple(_reason(op, rule) for op, rule in sorted(found.items()))


def _is_known_custom(rule: Expression) -> bool:
    return rule["op"] == "custom_operator" and len(rule.get("args", ())) == 1 and custom.operator_of(rule) is not None


def _reason(op: str, rule: Expression) -> str:
    if op in BY_CHANCE:
        return f"its score depends on chance ({op})"
    if op == "custom_operator":
        return (
            f"it is scored by foreign code (custom operator {rule.get('class') or rule.get('definition', '')})".replace(
                " )", ")"
            )
        )
    return f"it uses the operator '{op}', which is not known here"


def check_rules(rules: Sequence[Expression]) -> None:
    """Raise ItemInvalid for a tree that has not the form of QTI rules; what `unsupported` names is passed over.

    Raises:
        ItemInvalid: naming the operator and what is wrong with it.
    """
    _check_depth(rules)
    for rule in rules:
        if rule["op"] not in RULES and rule["op"] in OPERATORS:
            raise ItemInvalid(f"Response processing: '{rule['op']}' stands where a rule is expected; correct it.")
    for rule in walk(rules):
        for problem in _problems(rule):
            raise ItemInvalid(f"Response processing, {rule['op'].replace('_', ' ')}: {problem}; correct it.")


def _check_depth(rules: Sequence[Expression]) -> None:
    level = list(rules)
    for _ in range(DEEPEST):
        level = [argument for rule in level for argument in rule.get("args", ())]
        if not level:
            return
    raise ItemInvalid(f"Response processing nests more than {DEEPEST} levels deep; simplify it.")


def _problems(rule: Expression) -> Iterator[str]:
    op, given = rule["op"], len(rule.get("args", ()))
    if op not in OPERATORS | RULES:
        return
    missing = [name for name in NEEDED.get(op, ()) if not str(rule.get(name, "")).strip()]
    if missing:
        yield f"it lacks {missing[0].replace('_', '-')}"
    elif (op in ONE and given != 1) or (op in TWO and given != 2) or (op in SOME and given < 1):
        asked = 1 if op in ONE else 2 if op in TWO else "at least 1"
        yield f"it has {given} operands where {asked} belong"
    elif op in READABLE:
        yield from READABLE[op](rule)
    yield from _misplaced(rule)


def _misplaced(rule: Expression) -> Iterator[str]:
    """Rules where values belong, branches outside a condition."""
    args = [argument["op"] for argument in rule.get("args", ())]
    branches = {"response_if", "response_else_if", "response_else"}
    if rule["op"] == "response_condition":
        if args[0] != "response_if" or not set(args) <= branches:
            yield "its branches must be response-if, response-else-if and response-else, in this order"
    elif rule["op"] in branches | {"response_processing_fragment"}:
        inner = args if rule["op"] in ("response_else", "response_processing_fragment") else args[1:]
        if any(op in OPERATORS for op in inner):
            yield "a value stands where a rule is expected"
        if len(inner) < len(args) and args[0] in RULES:
            yield "a rule stands where its condition is expected"
    elif any(op in RULES for op in args):
        yield "a rule stands where a value is expected"


def _constant(rule: Expression) -> Iterator[str]:
    text = str(rule.get("value", ""))
    try:
        if text.strip():
            read_atom(text, rule["base_type"])
    except ValueError as failure:
        yield str(failure).rstrip(".")


def _pattern(rule: Expression) -> Iterator[str]:
    try:
        patterns.compiled(rule["pattern"])
    except ValueError as failure:
        yield str(failure).rstrip(".")


def _shape(rule: Expression) -> Iterator[str]:
    try:
        check_area(AreaEntry(shape=rule["shape"], coords=rule.get("coords", ""), value=0.0))
    except (ValueError, KeyError):
        yield f"'{rule['shape']} {rule.get('coords', '')[:40]}' is no shape"


def _one_of(names: Container[str], what: str) -> Callable[[Expression], Iterator[str]]:
    def check(rule: Expression) -> Iterator[str]:
        if rule["name"] not in names:
            yield f"'{rule['name']}' is no {what} of QTI"

    return check


READABLE: dict[str, Callable[[Expression], Iterator[str]]] = {
    "base_value": _constant,
    "pattern_match": _pattern,
    "inside": _shape,
    "math_operator": _one_of(arithmetic.FUNCTIONS, "function"),
    "stats_operator": _one_of(STATISTICS, "statistic"),
    "math_constant": _one_of(("pi", "e"), "constant"),
}
