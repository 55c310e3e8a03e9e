"""Which level of a framework a cut lies at, and what somebody at that level can do."""

from collections.abc import Mapping, Sequence
from statistics import median

import numpy as np

from engine.messages import Message, message
from itembank.competencies import Competency
from psychometrics.models.base import ItemParameters


def difficulty_by_level(
    parameters: ItemParameters, competency: Sequence[str], level: Sequence[str | None]
) -> dict[str, dict[str, float]]:
    """Competency -> level -> median difficulty of its items, logits; items without either are left out.

    An item with thresholds or steps lies where their mean lies.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for place, (key, name) in enumerate(zip(competency, level)):
        bounds = [parameters.difficulty[place], *parameters.thresholds[place], *parameters.steps[place]]
        known = [float(bound) for bound in bounds if np.isfinite(bound)]
        if name and known:
            found.setdefault(key, {}).setdefault(name, []).append(sum(known) / len(known))
    return {key: {name: median(values) for name, values in own.items()} for key, own in found.items()}


def required_level(cut_theta: float, difficulty: Mapping[str, float]) -> str:
    """The hardest level whose median item lies at or below the cut; the easiest one when none does; "" without levels.

    Somebody at the cut masters more than half of the items of that level and less than half of those of the next.
    """
    reached = [level for level in difficulty if difficulty[level] <= cut_theta]
    if reached:
        return max(reached, key=lambda level: (difficulty[level], level))
    return min(difficulty, key=lambda level: (difficulty[level], level), default="")


def can_do(competency: Competency, cut_theta: float, difficulty: Mapping[str, float]) -> Message | None:
    """What the required level means: the statement that begins with its name, else all; None without any."""
    wanted = required_level(cut_theta, difficulty).casefold()
    for statement in competency.can_do:
        level, _, rest = statement.partition(":")
        if wanted and rest.strip() and level.strip().casefold() == wanted:
            return message("gap.can_do_level", level=level.strip(), statement=inside(rest))
    if not competency.can_do:
        return None
    return message("gap.can_do", statement="; ".join(inside(statement) for statement in competency.can_do))


def inside(statement: str) -> str:
    """A statement as it stands inside a sentence: without a full stop of its own."""
    return statement.strip().rstrip(".").rstrip()
