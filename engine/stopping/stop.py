"""Whether sittings end now, each for a stated reason, and what they decide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.content.constraints import violations
from engine.designs import AllRule, AnyRule, StopRule
from engine.selection.plan import Plan
from engine.selection.sitting import Standing
from engine.stopping.rules import holds, probability_above

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

REASONS: dict[str, str] = {
    "max_items": "The longest test the design allows has been given.",
    "max_seconds": "The time the design allows has passed.",
    "pool_exhausted": "No item is left that may be shown and keeps the blueprint.",
    "form_complete": "All items of the form have been given.",
    "length": "The number of items asked for has been given.",
    "sem": "The standard error is as small as the design asks.",
    "sem_reduction": "A further item would hardly lower the standard error.",
    "information": "No item left would tell enough at this ability.",
    "sprt": "The likelihood ratio has decided every cut.",
    "glr": "The generalised likelihood ratio has decided every cut.",
    "confidence_interval": "The confidence interval excludes every cut.",
    "bayes_loss": "Deciding now is expected to cost as little as the design asks.",
    "time": "The time of the stopping rule has passed.",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a sitting ended: a key of REASONS and its sentence."""

    reason: str
    sentence: str


def stop_for(reason: str) -> Stop:
    """The stop of this reason."""
    return Stop(reason, REASONS[reason])


def end_of_form(position: int) -> str:
    """Why a fixed form or a multistage test shows no further item after `position` of them."""
    return "form_complete" if position else "pool_exhausted"


def stop_reasons(plan: Plan, standing: Standing) -> NDArray[np.object_]:
    """The key of the reason for which each sitting ends now, "" where it goes on: (n_persons,).

    The maxima always hold. The rule is heard from min_items on, and only when the content so far is a legal test.
    """
    reasons = np.full(len(standing.keys), "", dtype=object)
    stopping = plan.design.stopping
    if stopping.max_seconds is not None:
        reasons[standing.seconds >= stopping.max_seconds] = "max_seconds"
    if plan.design.form != "adaptive":
        return reasons
    if standing.position >= stopping.max_items:
        reasons[:] = "max_items"
    elif stopping.rule is not None and standing.position >= stopping.min_items:
        ends = _rule_ends(stopping.rule, plan, standing) & (reasons == "")
        ends[ends] = content_complete(plan, _those(standing, ends))
        if ends.any():
            reasons[ends] = _names(stopping.rule, plan, _those(standing, ends))
    return reasons


def _those(standing: Standing, where: Mask) -> Standing:
    return standing if where.all() else standing.rows(where)


def _rule_ends(rule: StopRule, plan: Plan, standing: Standing) -> Mask:
    if plan.design.stopping.scope == "overall":
        return holds(rule, plan, standing, 0)
    each = [holds(rule, plan, standing, dimension) for dimension in range(plan.pool.n_dimensions)]
    return np.asarray(np.stack(each).all(axis=0))


def _names(rule: StopRule, plan: Plan, standing: Standing) -> NDArray[np.object_]:
    """The first leaf of the rule's tree that holds, by its tag."""
    names = np.full(len(standing.keys), "", dtype=object)
    for leaf in leaves(rule):
        new = (names == "") & _rule_ends(leaf, plan, standing)
        names[new] = name_of(leaf)
    names[names == ""] = name_of(next(leaves(rule)))
    return names


def leaves(rule: StopRule) -> Iterator[StopRule]:
    """The rules that a rule is made of, in order; a plain one is its own."""
    if isinstance(rule, AnyRule | AllRule):
        for part in rule.rules:
            yield from leaves(part)
    else:
        yield rule


def name_of(leaf: StopRule) -> str:
    """The reason that a plain rule gives: its tag."""
    return str(leaf.__struct_config__.tag)


def content_complete(plan: Plan, standing: Standing) -> Mask:
    """Whether the items given are a legal test by themselves: (n_persons,)."""
    hierarchy = plan.blueprints.whole.hierarchy
    if hierarchy is not None:
        atoms = np.eye(hierarchy.n_atoms, dtype=np.int64)[hierarchy.atom[standing.items]]
        return hierarchy.satisfied(atoms.sum(axis=1))
    if plan.constraints.is_empty:
        return np.ones(len(standing.keys), dtype=bool)
    return np.array([not violations(plan.constraints, items) for items in standing.items])


def credits(plan: Plan, standing: Standing) -> NDArray[np.bool_]:
    """Whether each sitting reaches the last cut of every ability: (n_persons, n_dimensions)."""
    probability = plan.design.decision.credit_probability
    passed = np.ones_like(standing.theta, dtype=bool)
    for dimension, cuts in enumerate(plan.cuts):
        if not cuts:
            continue
        if probability is None:
            passed[:, dimension] = standing.theta[:, dimension] >= cuts[-1]
        else:
            passed[:, dimension] = probability_above(plan, standing, dimension, len(cuts) - 1) >= probability
    return passed
