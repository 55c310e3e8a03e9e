"""How a sitting keeps its content: the greedy rule where it is exact, shadow tests elsewhere, for one range of lengths.

A design whose rule may end the test early is taken in two parts. The first, the core, is the shortest legal test, so
the rule is heard as soon as the design allows; every further item then keeps the test legal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from engine.content.constraints import Constraints
from engine.content.feasibility import shortest_legal_test
from engine.content.hierarchy import Hierarchy, OpenAtoms, build_hierarchy
from engine.content.shadow_test import ShadowModel, build_shadow_model
from engine.designs import Design, DesignError

Method = Literal["auto", "hierarchical", "shadow"]


@dataclass(frozen=True)
class Blueprint:
    """`hierarchy` or `shadow` keep the content of tests of some lengths; neither when nothing is constrained."""

    hierarchy: Hierarchy | None = None
    shadow: ShadowModel | None = None

    @cached_property
    def open_atoms(self) -> OpenAtoms | None:
        """The hierarchy for one sitting at a time."""
        return None if self.hierarchy is None else OpenAtoms(self.hierarchy)


@dataclass(frozen=True)
class Blueprints:
    """The blueprint of the first `core_items` items, and that of the whole test; mostly one and the same."""

    core_items: int
    core: Blueprint
    whole: Blueprint

    def at(self, position: int) -> Blueprint:
        """The blueprint by which the item after `position` items is chosen."""
        return self.core if position < self.core_items else self.whole


def build_blueprints(design: Design, constraints: Constraints) -> Blueprints:
    """The blueprints of an adaptive design whose constraints are known to be feasible.

    Raises DesignError when the greedy rule is asked for and is not exact for these constraints.
    """
    stopping, method = design.stopping, design.content.method
    shortest, longest = stopping.min_items, stopping.max_items
    whole = _build(constraints, shortest, longest, method)
    if stopping.rule is None or shortest == longest or constraints.is_empty:
        return Blueprints(0, whole, whole)
    core_items = shortest_legal_test(constraints, shortest, longest)
    return Blueprints(core_items, _build(constraints, core_items, core_items, method), whole)


def _build(constraints: Constraints, min_items: int, max_items: int, method: Method) -> Blueprint:
    hierarchy = build_hierarchy(constraints, min_items, max_items)
    if method == "hierarchical" and hierarchy is None:
        raise DesignError("content.method 'hierarchical' needs counts in nested groups; use 'auto' or 'shadow'.")
    if constraints.is_empty:
        return Blueprint()
    if hierarchy is None or method == "shadow":
        return Blueprint(shadow=build_shadow_model(constraints, min_items, max_items))
    return Blueprint(hierarchy=hierarchy)
