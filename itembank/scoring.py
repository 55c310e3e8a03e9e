"""From an answer to a score and a category: pure, exact, and the only reader of keys.

The standard templates are carried out directly; everything else is a tree for the interpreter. Points are summed as
decimals, so three answers worth 0.1 are worth 0.3, and the category is the number of whole `points_per_category`.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Literal

from itembank.errors import AnswerInvalid
from itembank.expressions import numbers
from itembank.expressions.mappings import map_points, map_value
from itembank.expressions.values import (
    NULL,
    NUMERIC,
    Atom,
    Value,
    as_numbers,
    matches,
    number,
    read_atom,
    write_value,
)
from itembank.items import Answer, Expression, ItemScoring, NumericKey, ResponseDeclaration, ScoringRule
from itembank.records import Record
from itembank.response_processing import State, run, stated_correct, stated_default

LONGEST_ANSWER = 200_000
NOT_SCORED = -1

ScoredStatus = Literal["scored", "blank", "awaiting", "unscored"]


class Scored(Record, frozen=True, kw_only=True):
    """What an answer is worth. `category` is -1 (missing) while a person has still to score it (`awaiting`).

    `status`: scored; blank (nothing was given, scored like any other answer); awaiting (for a human); unscored (the
    item has no key).
    """

    score: float
    category: int
    outcomes: dict[str, list[str]] = {}
    status: ScoredStatus = "scored"


def score(item_scoring: ItemScoring, answer: Answer) -> Scored:
    """Score one answer: response identifier -> values as QTI strings; a missing or empty list is a blank.

    Raises:
        AnswerInvalid: naming the response and what form is asked, when the answer cannot be read. Unknown choices and
            repeated values are read as given; `itembank.answers.check_answer` refuses them where a form is sent in.
    """
    given = read_answer(item_scoring, answer)
    if item_scoring.rule in ("human", "none"):
        status: ScoredStatus = "awaiting" if item_scoring.rule == "human" else "unscored"
        return Scored(score=0.0, category=NOT_SCORED, status=status)
    state = State(item_scoring.responses, item_scoring.outcomes, given)
    state.values.setdefault("SCORE", number(0))
    TEMPLATES[item_scoring.rule](item_scoring, answer, state)
    return _scored(item_scoring, state, blank=all(value.is_null for value in given.values()))


def _scored(item_scoring: ItemScoring, state: State, *, blank: bool) -> Scored:
    points = (as_numbers([state.values["SCORE"]]) or [Fraction(0)])[0]
    declared = {"SCORE", *(outcome.identifier for outcome in item_scoring.outcomes)}
    outcomes = {name: write_value(state.values[name]) for name in sorted(declared)}
    return Scored(
        score=float(points),
        category=category_of(item_scoring, points),
        outcomes=outcomes,
        status="blank" if blank else "scored",
    )


def category_of(item_scoring: ItemScoring, points: Fraction) -> int:
    """How many whole `points_per_category` there are in the points, within 0 … max_category."""
    worth = numbers.of_float(item_scoring.points_per_category)
    if worth <= 0:
        return 0
    return max(0, min(int(points // worth), item_scoring.max_category))


def category_for_points(item_scoring: ItemScoring, points: float) -> int:
    """The category of points that a person has given."""
    return category_of(item_scoring, numbers.of_float(points))


def read_answer(item_scoring: ItemScoring, answer: Answer) -> dict[str, Value]:
    """The values of all declared responses; one that the answer does not name keeps its default.

    Raises:
        AnswerInvalid: for an undeclared response or a value that does not have its base type's form.
    """
    declared = {response.identifier: response for response in item_scoring.responses}
    for identifier in answer:
        if identifier not in declared:
            asked = ", ".join(declared) or "none"
            raise AnswerInvalid(f"The answer names '{identifier}', which is no response of this item ({asked}).")
    unit = item_scoring.unit
    return {name: _read_response(response, answer.get(name), unit) for name, response in declared.items()}


def _read_response(declared: ResponseDeclaration, given: list[str] | None, unit: str) -> Value:
    if given is None:
        return stated_default(declared)
    _check_form(declared, given)
    texts = [text for text in given if text.strip()]
    if declared.cardinality == "record":
        return record_of(texts[0]) if texts else NULL
    try:
        atoms = tuple(_read_typed(text, declared, unit) for text in texts)
    except ValueError as failure:
        raise AnswerInvalid(f"The answer to '{declared.identifier}' cannot be read: {failure}") from None
    return Value(base_type=declared.base_type, cardinality=declared.cardinality, atoms=atoms)


def _check_form(declared: ResponseDeclaration, given: list[str]) -> None:
    if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
        raise AnswerInvalid(f"The answer to '{declared.identifier}' must be a list of strings.")
    if declared.cardinality in ("single", "record") and len(given) > 1:
        raise AnswerInvalid(f"The answer to '{declared.identifier}' holds {len(given)} values; give one.")
    if sum(map(len, given)) > LONGEST_ANSWER:
        raise AnswerInvalid(f"The answer to '{declared.identifier}' is longer than {LONGEST_ANSWER} characters.")


def _read_typed(text: str, declared: ResponseDeclaration, unit: str) -> Atom:
    """One value as a learner gives it: numbers may carry a unit, a decimal comma, separators of thousands."""
    if declared.base_type not in NUMERIC:
        return read_atom(text, declared.base_type)
    readings = numbers.typed(numbers.without_unit(text, unit))
    right = {reading for key in declared.correct for reading in numbers.typed(key)}
    chosen = next((reading for reading in readings if reading in right), readings[0])
    if declared.base_type == "integer" and chosen.denominator != 1:
        raise ValueError(f"'{text[:40]}' is not a whole number.")
    return chosen


def record_of(text: str) -> Value:
    """What QTI keeps of a typed number in a record: the string, its value, its digits and its figures."""
    fields = {"stringValue": Value(base_type="string", atoms=(text.strip(),))}
    try:
        value = numbers.typed(text)[0]
    except ValueError:
        return Value(cardinality="record", fields=fields)
    mantissa = text.strip().lower().partition("e")
    left, _, right = mantissa[0].lstrip("+-−").replace(",", ".").partition(".")
    fields["floatValue"] = number(value)
    if value.denominator == 1:
        fields["integerValue"] = number(value, "integer")
    fields["leftDigits"] = number(len(left), "integer")
    fields["rightDigits"] = fields["ndp"] = number(len(right), "integer")
    fields["nsf"] = number(len((left + right).lstrip("0")) or 1, "integer")
    if mantissa[2].lstrip("+-").isdigit():
        fields["exponent"] = number(int(mantissa[2]), "integer")
    return Value(cardinality="record", fields=fields)


def _answered(item_scoring: ItemScoring) -> list[ResponseDeclaration]:
    """The responses that a template speaks of: RESPONSE, or all when none has that name."""
    named = [response for response in item_scoring.responses if response.identifier == "RESPONSE"]
    return named or list(item_scoring.responses)


def _match_correct(item_scoring: ItemScoring, answer: Answer, state: State) -> None:
    keyed = [response for response in _answered(item_scoring) if response.correct or response.correct_fields]
    right = bool(keyed) and all(_is_right(response, state.values[response.identifier]) for response in keyed)
    state.set("SCORE", number(1 if right else 0))


def _is_right(declared: ResponseDeclaration, value: Value) -> bool:
    return not value.is_null and matches(value, stated_correct(declared))


def _map_response(item_scoring: ItemScoring, answer: Answer, state: State) -> None:
    points = Fraction(0)
    for declared in _answered(item_scoring):
        value = state.values[declared.identifier]
        if declared.mapping is not None and not value.is_null:
            points += map_value(value, declared.mapping)
    state.set("SCORE", number(points))


def _map_response_point(item_scoring: ItemScoring, answer: Answer, state: State) -> None:
    points = Fraction(0)
    for declared in _answered(item_scoring):
        value = state.values[declared.identifier]
        if declared.area_mapping is not None and not value.is_null:
            points += map_points(value, declared.area_mapping)
    state.set("SCORE", number(points))


def _numeric(item_scoring: ItemScoring, answer: Answer, state: State) -> None:
    """Every response must be near enough to one of the keys, in one of the ways in which it can be read."""
    texts = [text for response in _answered(item_scoring) for text in answer.get(response.identifier, ())]
    given = [text for text in texts if text.strip()]
    bare = [numbers.without_unit(text, item_scoring.unit) for text in given]
    right = bool(bare) and all(_near_a_key(text, item_scoring.numeric) for text in bare)
    state.set("SCORE", number(numbers.of_float(item_scoring.points_per_category) * item_scoring.max_category * right))


def _near_a_key(text: str, keys: tuple[NumericKey, ...]) -> bool:
    try:
        readings = numbers.typed(text)
    except ValueError:
        return False
    return any(is_near(reading, key) for reading in readings for key in keys)


def is_near(value: Fraction, key: NumericKey) -> bool:
    """Whether a number is within the tolerance of a key, borders included, in exact decimals."""
    right = numbers.of_float(key.value)
    allowed = numbers.of_float(key.tolerance) * (abs(right) if key.relative else 1)
    return abs(value - right) <= allowed


def _rules(item_scoring: ItemScoring, answer: Answer, state: State) -> None:
    run(item_scoring.rules, state)


TEMPLATES: dict[ScoringRule, Callable[[ItemScoring, Answer, State], None]] = {
    "match_correct": _match_correct,
    "map_response": _map_response,
    "map_response_point": _map_response_point,
    "numeric": _numeric,
    "rules": _rules,
}


def _set(outcome: str, value: Expression) -> Expression:
    return {"op": "set_outcome_value", "identifier": outcome, "args": [value]}


def common_cartridge_rules(template: str, outcomes: frozenset[str]) -> tuple[Expression, ...] | None:
    """The rules behind a Common Cartridge template (CC2_match, CC2_match_basic, CC2_map_response); None for others.

    A full answer earns MAXSCORE (1 where none is declared); the feedback outcome is set where it is declared.
    """
    if template not in ("CC2_match", "CC2_match_basic", "CC2_map_response"):
        return None
    full = _variable("MAXSCORE") if "MAXSCORE" in outcomes else _base("float", "1")
    feedback = next((name for name in ("FEEDBACKBASIC", "FEEDBACK") if name in outcomes), None)
    match: Expression = {"op": "match", "args": [_variable("RESPONSE"), {"op": "correct", "identifier": "RESPONSE"}]}
    if template == "CC2_map_response":
        mapped: Expression = {"op": "map_response", "identifier": "RESPONSE"}
        whole: Expression = {"op": "gte", "args": [_variable("SCORE"), full]}
        judged = _either(whole, [], [], feedback)
        blank: Expression = {"op": "is_null", "args": [_variable("RESPONSE")]}
        zero = _set("SCORE", _base("float", "0"))
        return (_either(blank, [zero], [_set("SCORE", mapped)], None), *((judged,) if feedback else ()))
    return (_either(match, [_set("SCORE", full)], [_set("SCORE", _base("float", "0"))], feedback),)


def _variable(name: str) -> Expression:
    return {"op": "variable", "identifier": name}


def _base(base_type: str, value: str) -> Expression:
    return {"op": "base_value", "base_type": base_type, "value": value}


def _either(when: Expression, then: list[Expression], otherwise: list[Expression], feedback: str | None) -> Expression:
    said = [] if feedback is None else [_set(feedback, _base("identifier", "correct"))]
    denied = [] if feedback is None else [_set(feedback, _base("identifier", "incorrect"))]
    return {
        "op": "response_condition",
        "args": [
            {"op": "response_if", "args": [when, *then, *said]},
            {"op": "response_else", "args": [*otherwise, *denied]},
        ],
    }
