"""The interpreter of QTI response processing: rules change outcomes, expressions give values, NULL is a value.

Rules are plain trees (`itembank.items.Expression`): {"op": "match", "args": [...], other attributes as strings}. Names
are those of QTI 3.0 in snake case. What depends on chance or on foreign code is not in the table: `unsupported` names
it, so that an importer can say why an item is kept but not delivered.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from itembank.errors import ItemInvalid
from itembank.expressions import arithmetic, custom, logic, numbers
from itembank.expressions.mappings import looked_up, map_points, map_value, point_inside
from itembank.expressions.values import NULL, Value, as_numbers, boolean, cast, matches, number, read_record, read_value
from itembank.items import Expression, OutcomeDeclaration, ResponseDeclaration

DEEPEST = 60
BUILT_IN = {
    "completionStatus": Value(base_type="identifier", atoms=("unknown",)),
    "numAttempts": number(1, "integer"),
    "duration": number(0, "duration"),
}


class State:
    """The variables while rules run: responses stay as given, outcomes change."""

    def __init__(
        self,
        responses: Sequence[ResponseDeclaration],
        outcomes: Sequence[OutcomeDeclaration],
        given: Mapping[str, Value],
    ) -> None:
        self.responses = {declared.identifier: declared for declared in responses}
        self.outcomes = {declared.identifier: declared for declared in outcomes}
        self.values: dict[str, Value] = dict(BUILT_IN)
        self.values.update({declared.identifier: initial(declared) for declared in outcomes})
        self.values.update(given)

    def set(self, identifier: str, value: Value) -> None:
        declared = self.outcomes.get(identifier)
        kept = cast(value, declared.base_type, declared.cardinality) if declared is not None else value
        self.values[identifier] = kept


def initial(declared: OutcomeDeclaration) -> Value:
    """An outcome before processing: its default; numbers without one start at 0, all else at NULL."""
    if not declared.default and declared.base_type in ("integer", "float") and declared.cardinality == "single":
        return number(0, declared.base_type)
    return stated_default(declared)


def stated_default(declared: ResponseDeclaration | OutcomeDeclaration) -> Value:
    """The default that a declaration states, NULL without one."""
    if declared.cardinality == "record":
        return read_record(declared.default_fields)
    return read_value(declared.default, declared.base_type, declared.cardinality)


def stated_correct(declared: ResponseDeclaration) -> Value:
    """The right answer that a declaration states, NULL without one."""
    if declared.cardinality == "record":
        return read_record(declared.correct_fields)
    return read_value(declared.correct, declared.base_type, declared.cardinality)


def run(rules: Sequence[Expression], state: State) -> bool:
    """Carry out rules in order; False when one of them was exit_response."""
    for rule in rules:
        op = rule["op"]
        if op == "exit_response":
            return False
        if op == "set_outcome_value":
            state.set(rule["identifier"], evaluate(rule["args"][0], state))
        elif op == "lookup_outcome_value":
            _look_up(rule, state)
        elif op == "response_processing_fragment":
            if not run(rule.get("args", ()), state):
                return False
        elif op == "response_condition" and not _run_condition(rule.get("args", ()), state):
            return False
    return True


def _look_up(rule: Expression, state: State) -> None:
    declared = state.outcomes.get(rule["identifier"])
    if declared is not None:
        value = evaluate(rule["args"][0], state)
        state.set(rule["identifier"], looked_up(value, declared.lookup, declared.base_type))


def _run_condition(branches: Sequence[Expression], state: State) -> bool:
    for branch in branches:
        if branch["op"] == "response_else":
            return run(branch.get("args", ()), state)
        condition, *rules = branch["args"]
        if evaluate(condition, state).atoms == (True,):
            return run(rules, state)
    return True


def evaluate(expression: Expression, state: State) -> Value:
    """The value of an expression. Operands are evaluated first, left to right."""
    op = expression["op"]
    if op in LOOKUPS:
        return LOOKUPS[op](expression, state)
    args = [evaluate(argument, state) for argument in expression.get("args", ())]
    if op in PLAIN:
        return PLAIN[op](args)
    known = custom.operator_of(expression) if op == "custom_operator" and len(args) == 1 else None
    if known is not None:
        return known(args[0])
    if op not in WITH_ATTRIBUTES:
        raise ItemInvalid(
            f"Response processing uses '{op}', which cannot be carried out; such an item is not delivered."
        )
    return WITH_ATTRIBUTES[op](args, expression, state)


def _base_value(expression: Expression, state: State) -> Value:
    return read_value([expression.get("value", "")], expression["base_type"], "single")


def _correct(expression: Expression, state: State) -> Value:
    declared = state.responses.get(expression["identifier"])
    return NULL if declared is None else stated_correct(declared)


def _default(expression: Expression, state: State) -> Value:
    declared = state.responses.get(expression["identifier"]) or state.outcomes.get(expression["identifier"])
    return NULL if declared is None else stated_default(declared)


def _map_response(expression: Expression, state: State) -> Value:
    declared = state.responses.get(expression["identifier"])
    if declared is None or declared.mapping is None:
        return number(0)
    return number(map_value(state.values.get(declared.identifier, NULL), declared.mapping))


def _map_response_point(expression: Expression, state: State) -> Value:
    declared = state.responses.get(expression["identifier"])
    if declared is None or declared.area_mapping is None:
        return number(0)
    return number(map_points(state.values.get(declared.identifier, NULL), declared.area_mapping))


LOOKUPS: dict[str, Callable[[Expression, State], Value]] = {
    "base_value": _base_value,
    "variable": lambda expression, state: state.values.get(expression["identifier"], NULL),
    "correct": _correct,
    "default": _default,
    "map_response": _map_response,
    "map_response_point": _map_response_point,
    "math_constant": lambda expression, state: arithmetic.constant(expression["name"]),
    "null": lambda expression, state: NULL,
}


def _compare(args: Sequence[Value], holds: Callable[[Fraction, Fraction], bool]) -> Value:
    read = as_numbers(args)
    return NULL if not read or len(read) != 2 else boolean(holds(read[0], read[1]))


def _match(args: Sequence[Value]) -> Value:
    return NULL if args[0].is_null or args[1].is_null else boolean(matches(args[0], args[1]))


PLAIN: dict[str, Callable[[list[Value]], Value]] = {
    "is_null": lambda args: boolean(args[0].is_null),
    "not": logic.negation,
    "and": logic.conjunction,
    "or": logic.disjunction,
    "match": _match,
    "multiple": lambda args: logic.gathered(args, "multiple"),
    "ordered": lambda args: logic.gathered(args, "ordered"),
    "container_size": lambda args: number(len(args[0].atoms), "integer"),
    "member": lambda args: logic.is_member(args[0], args[1]),
    "delete": lambda args: logic.deleted(args[0], args[1]),
    "contains": lambda args: logic.holds(args[0], args[1]),
    "sum": lambda args: arithmetic.reduced(args, lambda read: sum(read, Fraction(0))),
    "product": lambda args: arithmetic.reduced(args, arithmetic.product),
    "subtract": lambda args: arithmetic.reduced(args, arithmetic.subtract),
    "max": lambda args: arithmetic.reduced(args, max),
    "min": lambda args: arithmetic.reduced(args, min),
    "gcd": lambda args: arithmetic.reduced(args, arithmetic.gcd),
    "lcm": lambda args: arithmetic.reduced(args, arithmetic.lcm),
    "divide": arithmetic.divide,
    "power": arithmetic.power,
    "integer_divide": arithmetic.integer_divide,
    "integer_modulus": arithmetic.integer_modulus,
    "round": lambda args: arithmetic.to_whole(args, arithmetic.round_nearest),
    "truncate": lambda args: arithmetic.to_whole(args, int),
    "integer_to_float": lambda args: cast(args[0], "float", args[0].cardinality),
    "lt": lambda args: _compare(args, lambda left, right: left < right),
    "lte": lambda args: _compare(args, lambda left, right: left <= right),
    "gt": lambda args: _compare(args, lambda left, right: left > right),
    "gte": lambda args: _compare(args, lambda left, right: left >= right),
    "duration_lt": lambda args: _compare(args, lambda left, right: left < right),
    "duration_gte": lambda args: _compare(args, lambda left, right: left >= right),
}


def _flag(expression: Expression, name: str, otherwise: bool) -> bool:
    return str(expression.get(name, otherwise)).strip().lower() in ("true", "1")


def _integer(expression: Expression, name: str, state: State, otherwise: int = 0) -> int:
    read = _number(str(expression.get(name, otherwise)), state)
    return otherwise if read is None else int(read)


def _number(written: str, state: State) -> Fraction | None:
    """A number, or the value of the variable it names (QTI's numberOrVariableRef)."""
    try:
        return numbers.exact(written)
    except ValueError:
        read = as_numbers([state.values.get(written.strip("{} "), NULL)])
        return read[0] if read else None


def _equal(args: list[Value], expression: Expression, state: State) -> Value:
    """QTI's equal is for numbers; programs that write it for two texts, names or truths mean match."""
    read = as_numbers(args)
    if not read or len(read) != 2:
        same = args[0].base_type == args[1].base_type
        return _match(args) if same and args[0].base_type in ("string", "identifier", "boolean", "uri") else NULL
    tolerance = [_number(part, state) for part in str(expression.get("tolerance", "")).split()]
    if None in tolerance:
        return NULL
    known = [bound for bound in tolerance if bound is not None]
    include = _flag(expression, "include_lower_bound", True), _flag(expression, "include_upper_bound", True)
    mode = expression.get("tolerance_mode", "exact")
    return boolean(arithmetic.within_tolerance(read[0], read[1], mode, known, include))


def _field(args: list[Value], expression: Expression, state: State) -> Value:
    return args[0].fields.get(expression["field_identifier"], NULL)


def _inside(args: list[Value], expression: Expression, state: State) -> Value:
    if args[0].is_null:
        return NULL
    return boolean(any(point_inside(atom, expression["shape"], expression["coords"]) for atom in args[0].atoms))


def _pattern(args: list[Value], expression: Expression, state: State) -> Value:
    named = (
        state.values.get(expression["pattern"].strip("{} "), NULL) if expression["pattern"].startswith("{") else NULL
    )
    return logic.fits_pattern(args[0], str(named.atoms[0]) if named.atoms else expression["pattern"])


def _rounding(expression: Expression, state: State) -> tuple[str, int]:
    return expression.get("rounding_mode", "significantFigures"), _integer(expression, "figures", state)


WITH_ATTRIBUTES: dict[str, Callable[[list[Value], Expression, State], Value]] = {
    "equal": _equal,
    "equal_rounded": lambda args, e, state: arithmetic.equal_rounded(args, *_rounding(e, state)),
    "round_to": lambda args, e, state: arithmetic.round_to(args, *_rounding(e, state)),
    "any_n": lambda args, e, state: logic.any_n(args, _integer(e, "min", state), _integer(e, "max", state, len(args))),
    "index": lambda args, e, state: logic.item_at(args[0], _integer(e, "n", state)),
    "repeat": lambda args, e, state: logic.repeated(args, _integer(e, "number_repeats", state)),
    "field_value": _field,
    "inside": _inside,
    "pattern_match": _pattern,
    "string_match": lambda args, e, state: logic.same_text(
        args, _flag(e, "case_sensitive", True), _flag(e, "substring", False)
    ),
    "substring": lambda args, e, state: logic.is_substring(args, _flag(e, "case_sensitive", True)),
    "math_operator": lambda args, e, state: arithmetic.mathematical(args, e["name"]),
    "stats_operator": lambda args, e, state: arithmetic.statistic(args, e["name"]),
}

RULES = frozenset(
    {
        "set_outcome_value",
        "lookup_outcome_value",
        "response_condition",
        "response_if",
        "response_else_if",
        "response_else",
        "response_processing_fragment",
        "exit_response",
    }
)
OPERATORS = frozenset(LOOKUPS) | frozenset(PLAIN) | frozenset(WITH_ATTRIBUTES)
BY_CHANCE = frozenset({"random", "random_integer", "random_float"})


def walk(rules: Sequence[Expression]) -> Iterator[Expression]:
    """Every rule and expression of a tree, parents first."""
    for rule in rules:
        yield rule
        yield from walk(rule.get("args", ()))
