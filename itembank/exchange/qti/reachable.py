"""Which scores the rules of an item can give at all: every outcome is followed as the set of values it may hold.

Conditions are not looked into, so a branch counts as reachable whether or not an answer leads there; what cannot be
followed (chance, numbers that a learner types) makes the answer None. A mapping stands for its values, its bounds and
the most it gives: the greatest score and the greatest common step are those of all its sums.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product

from itembank.expressions import numbers
from itembank.expressions.mappings import looked_up
from itembank.expressions.values import Value, as_numbers, number
from itembank.items import Expression, Interaction, ItemScoring, OutcomeDeclaration, ResponseDeclaration
from itembank.response_processing import PLAIN

Scores = frozenset[Fraction] | None
Held = dict[str, Scores]

MOST_VALUES = 400
ZERO = frozenset({Fraction(0)})
FOLLOWED = ("sum", "product", "subtract", "max", "min", "divide", "round", "truncate", "integer_to_float")


def reachable_scores(scoring: ItemScoring, interactions: Sequence[Interaction]) -> Scores:
    """The values that SCORE may hold after the item's rules; None when they cannot be followed."""
    return _Follower(scoring, {part.response: part.max_choices for part in interactions}).scores()


def best_of_mapping(declared: ResponseDeclaration, most: int) -> Fraction:
    """The most a response's mapping gives when at most so many values may be chosen (0: any number)."""
    mapping = declared.mapping or declared.area_mapping
    if mapping is None:
        return Fraction(0)
    worth = sorted((numbers.of_float(entry.value) for entry in mapping.entries if entry.value > 0), reverse=True)
    chosen = worth[:1] if declared.cardinality == "single" else worth[:most] if most else worth
    best = sum(chosen, Fraction(0))
    return best if mapping.upper is None else min(best, numbers.of_float(mapping.upper))


class _Follower:
    def __init__(self, scoring: ItemScoring, bounds: Mapping[str, int]) -> None:
        self.rules = scoring.rules
        self.responses = {response.identifier: response for response in scoring.responses}
        self.outcomes = {outcome.identifier: outcome for outcome in scoring.outcomes}
        self.bounds = bounds

    def scores(self) -> Scores:
        held: Held = {name: _at_first(outcome) for name, outcome in self.outcomes.items()}
        held.setdefault("SCORE", ZERO)
        return self.run(self.rules, held)["SCORE"]

    def run(self, rules: Sequence[Expression], held: Held) -> Held:
        for rule in rules:
            op, args = rule["op"], rule.get("args", ())
            if op == "set_outcome_value":
                held[rule["identifier"]] = self.value(args[0], held)
            elif op == "lookup_outcome_value":
                held[rule["identifier"]] = self.looked_up(rule["identifier"], self.value(args[0], held))
            elif op == "response_processing_fragment":
                held = self.run(args, held)
            elif op == "response_condition":
                held = self.branched(args, held)
        return held

    def branched(self, branches: Sequence[Expression], held: Held) -> Held:
        ends = [
            self.run(branch.get("args", ())[0 if branch["op"] == "response_else" else 1 :], dict(held))
            for branch in branches
        ]
        if not branches or branches[-1]["op"] != "response_else":
            ends.append(held)
        return {name: _either([end.get(name, ZERO) for end in ends]) for name in {name for end in ends for name in end}}

    def value(self, expression: Expression, held: Held) -> Scores:
        op = expression["op"]
        if op == "base_value":
            stated = expression["base_type"] in ("float", "integer")
            return frozenset({numbers.exact(expression["value"])}) if stated and expression.get("value") else None
        if op == "variable":
            return held.get(expression["identifier"])
        if op in ("map_response", "map_response_point"):
            return self.mapped(expression["identifier"])
        if op == "null":
            return ZERO
        known = [self.value(part, held) for part in expression.get("args", ())] if op in FOLLOWED else [None]
        return _combined(PLAIN[op], [part for part in known if part is not None]) if None not in known else None

    def mapped(self, identifier: str) -> Scores:
        declared = self.responses.get(identifier)
        mapping = None if declared is None else declared.mapping or declared.area_mapping
        if declared is None or mapping is None:
            return ZERO
        stated = [mapping.default, mapping.lower, mapping.upper, *(entry.value for entry in mapping.entries)]
        best = best_of_mapping(declared, self.bounds.get(identifier, 0))
        steps = {numbers.of_float(value) for value in stated if value is not None}
        return frozenset({value for value in steps if value <= best} | {best, Fraction(0)})

    def looked_up(self, identifier: str, values: Scores) -> Scores:
        outcome = self.outcomes.get(identifier)
        if outcome is None or outcome.lookup is None:
            return ZERO
        read = as_numbers if outcome.base_type in ("float", "integer") else None
        if read is None:
            return None
        asked = [Fraction(row[0]) for row in outcome.lookup.rows] if values is None else list(values)
        found = [looked_up(number(value), outcome.lookup, outcome.base_type) for value in asked]
        return frozenset((read([value]) or [Fraction(0)])[0] for value in found)


def _at_first(outcome: OutcomeDeclaration) -> Scores:
    if outcome.base_type not in ("float", "integer") or outcome.cardinality != "single":
        return None
    return frozenset({numbers.exact(outcome.default[0])}) if outcome.default else ZERO


def _either(ends: Sequence[Scores]) -> Scores:
    known = [end for end in ends if end is not None]
    joined = frozenset[Fraction]().union(*known)
    return joined if len(known) == len(ends) and len(joined) <= MOST_VALUES else None


def _combined(apply: Callable[[list[Value]], Value], parts: Sequence[frozenset[Fraction]]) -> Scores:
    """What an operator makes of every combination of its operands' values, one operand after the other."""
    size = 1
    for part in parts:
        size *= len(part)
    if not parts or size > MOST_VALUES * MOST_VALUES:
        return None
    results = (as_numbers([apply([number(value) for value in chosen])]) for chosen in product(*parts))
    found = frozenset((read or [Fraction(0)])[0] for read in results)
    too_large = any(abs(value) > numbers.LARGEST for value in found)
    return None if too_large or len(found) > MOST_VALUES else found
