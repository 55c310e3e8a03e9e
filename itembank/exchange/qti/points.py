"""How many points an item can give, and into which categories they are cut."""

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import reduce

import msgspec

from itembank.exchange.qti.reachable import best_of_mapping, reachable_scores
from itembank.expressions import numbers
from itembank.items import (
    Expression,
    Interaction,
    ItemScoring,
    OutcomeDeclaration,
)
from itembank.response_processing import walk
from itembank.scoring import score

MOST_CATEGORIES = 10


def cut(scoring: ItemScoring, interactions: Sequence[Interaction]) -> tuple[ItemScoring, str]:
    """The scoring with its categories, and a note when the points had to be grouped.

    The most an item gives is what it declares (MAXSCORE, normal maximum of SCORE) unless its rules cannot give as much,
    else what its right answer or its mapping earns. One category stands for the greatest step that divides all scores
    that the rules can give, or, where rules cannot be followed, all points that they name.
    """
    reached = _reached(scoring, interactions)
    highest = _highest(scoring, interactions, reached)
    step = _step([*(reached or _stated_points(scoring)), highest])
    count = highest / step
    if count <= MOST_CATEGORIES:
        return _with(scoring, int(count), step), ""
    whole = highest.denominator == 1 and highest <= MOST_CATEGORIES
    step = Fraction(1) if whole else highest / MOST_CATEGORIES
    grouped = _with(scoring, int(highest / step), step)
    return (
        grouped,
        f"Its points (0 to {numbers.written(highest)}) are grouped into {grouped.max_category + 1} categories.",
    )


def _reached(scoring: ItemScoring, interactions: Sequence[Interaction]) -> frozenset[Fraction] | None:
    """The scores that rules can give, where they can be followed and give any points at all."""
    found = reachable_scores(scoring, interactions) if scoring.rule == "rules" else None
    return found if found is not None and max(found, default=Fraction(0)) > 0 else None


def _with(scoring: ItemScoring, categories: int, step: Fraction) -> ItemScoring:
    return msgspec.structs.replace(scoring, max_category=max(1, categories), points_per_category=float(step))


def _highest(
    scoring: ItemScoring, interactions: Sequence[Interaction], reached: frozenset[Fraction] | None
) -> Fraction:
    if scoring.rule == "match_correct":
        return Fraction(1)
    declared = _declared(scoring.outcomes)
    if declared is not None:
        return declared if reached is None else min(declared, max(reached))
    found = max((*_earned(scoring), *_mapped(scoring, interactions)), default=Fraction(0))
    if reached is not None and not (found > 0 and _all_keyed(scoring, interactions)):
        return max(reached)
    return found if found > 0 else Fraction(1)


def _all_keyed(scoring: ItemScoring, interactions: Sequence[Interaction]) -> bool:
    """Whether every question of the item says what its right answer is, so that what that earns is the most."""
    asking = {part.response for part in interactions if part.kind != "end_attempt"}
    return all(
        declared.correct or declared.mapping or declared.area_mapping
        for declared in scoring.responses
        if declared.identifier in asking
    )


def _declared(outcomes: Iterable[OutcomeDeclaration]) -> Fraction | None:
    for outcome in outcomes:
        stated = ""
        if outcome.identifier == "MAXSCORE" and outcome.default:
            stated = outcome.default[0]
        elif outcome.identifier == "SCORE" and outcome.normal_maximum is not None:
            stated = repr(outcome.normal_maximum)
        if stated and outcome.base_type in ("integer", "float") and numbers.exact(stated) > 0:
            return numbers.exact(stated)
    return None


def _earned(scoring: ItemScoring) -> list[Fraction]:
    """What the answer that the item calls correct earns."""
    keyed = {response.identifier: list(response.correct) for response in scoring.responses if response.correct}
    single = {name: given[:1] for name, given in keyed.items()}
    right = {
        r.identifier: (single if r.cardinality == "single" else keyed).get(r.identifier) for r in scoring.responses
    }
    answer = {name: given for name, given in right.items() if given}
    if scoring.rule in ("human", "none") or not answer:
        return []
    try:
        return [numbers.of_float(score(scoring, answer).score)]
    except ValueError:
        return []


def _mapped(scoring: ItemScoring, interactions: Sequence[Interaction]) -> list[Fraction]:
    """The most that mappings give: the best value of a single response, the best that may be chosen of several."""
    mapped = {
        rule["identifier"] for rule in walk(scoring.rules) if rule["op"] in ("map_response", "map_response_point")
    }
    if scoring.rule in ("map_response", "map_response_point"):
        mapped = {response.identifier for response in scoring.responses}
    bounds = {interaction.response: interaction.max_choices for interaction in interactions}
    used = [response for response in scoring.responses if response.identifier in mapped]
    return [sum((best_of_mapping(response, bounds.get(response.identifier, 0)) for response in used), Fraction(0))]


def _stated_points(scoring: ItemScoring) -> list[Fraction]:
    """Every number of points that the item names."""
    points = [Fraction(1)] if scoring.rule in ("match_correct", "human") else []
    for declared in scoring.responses:
        for mapping in (declared.mapping, declared.area_mapping):
            if mapping is not None and scoring.rule != "match_correct":
                stated = [mapping.default, mapping.lower, mapping.upper, *(entry.value for entry in mapping.entries)]
                points += [numbers.of_float(value) for value in stated if value is not None]
    return points + _set_points(scoring.rules)


def _set_points(rules: Sequence[Expression]) -> list[Fraction]:
    constants = [
        part
        for rule in walk(rules)
        if rule["op"] == "set_outcome_value" and "SCORE" in rule["identifier"].upper()
        for part in walk(rule.get("args", ()))
        if part["op"] == "base_value" and part["base_type"] in ("float", "integer") and part.get("value")
    ]
    return [numbers.exact(part["value"]) for part in constants]


def _step(points: Iterable[Fraction]) -> Fraction:
    """The greatest number of points that divides them all."""
    sizes = [abs(value) for value in points if value]
    return reduce(_common, sizes)


def _common(left: Fraction, right: Fraction) -> Fraction:
    denominator = math.lcm(left.denominator, right.denominator)
    return Fraction(math.gcd(int(left * denominator), int(right * denominator)), denominator)
