"""A design made ready for one pool: everything that does not change from learner to learner, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.content.blueprint import Blueprint, Blueprints, build_blueprints
from engine.content.constraints import Constraints, compile_constraints
from engine.content.feasibility import InfeasibleDesign, check_feasible
from engine.designs import Design, DesignError, GlrRule, SprtRule, TimeRule
from engine.exposure.control import ItemControl, build_control
from engine.multistage import check_modules, items_in_the_way
from engine.selection.posterior import Prior, build_prior, mass_above
from engine.selection.registry import CRITERIA, Criterion, find_criterion
from engine.selection.tables import Pool
from psychometrics.models.registry import log_probabilities

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """A design on a pool."""

    design: Design
    pool: Pool
    prior: Prior
    criterion: Criterion
    constraints: Constraints
    blueprints: Blueprints
    control: ItemControl

    @cached_property
    def cuts(self) -> tuple[tuple[float, ...], ...]:
        """Cuts of every dimension, increasing."""
        decision = self.design.decision
        if self.design.ability.structure == "overall":
            return (decision.cut_theta,)
        own = decision.competency_cut_theta
        return tuple((own[name],) if name in own else decision.cut_theta for name in self.pool.competencies)

    @cached_property
    def above(self) -> tuple[Floats, ...]:
        """For every dimension (n_cuts, n_nodes) weights whose product with a posterior is P(theta ≥ cut)."""
        nodes = self.pool.nodes
        empty = np.zeros((0, len(nodes)))
        return tuple(np.array([mass_above(nodes, cut) for cut in cuts]) if cuts else empty for cuts in self.cuts)

    @cached_property
    def log_probability_at(self) -> dict[float, Floats]:
        """log P (n_items, K) at every ability a likelihood ratio rule compares."""
        points = {
            cut + side * rule.delta
            for rule in self.design.rules()
            if isinstance(rule, SprtRule | GlrRule)
            for cuts in self.cuts
            for cut in cuts
            for side in (-1.0, 1.0)
        }
        return {point: log_probabilities(self.pool.items, [point])[:, :, 0] for point in sorted(points)}

    @cached_property
    def watches_time(self) -> bool:
        """Whether a step depends on the time that a sitting has taken."""
        timed = any(isinstance(rule, TimeRule) for rule in self.design.rules())
        return timed or self.design.stopping.max_seconds is not None

    @cached_property
    def moments(self) -> Floats:
        """(2, n_nodes): the nodes and their squares, whose products with a posterior are its first two moments."""
        return np.stack([self.pool.nodes, self.pool.nodes**2])

    @cached_property
    def _log_ratios(self) -> dict[tuple[float, float], Floats]:
        return {}

    def log_ratio_at(self, cut: float, delta: float) -> Floats:
        """log P at cut + delta less that at cut − delta, (n_items, K), worked out once."""
        key = (cut, delta)
        if key not in self._log_ratios:
            above, below = self.log_probability_at[cut + delta], self.log_probability_at[cut - delta]
            with np.errstate(invalid="ignore"):
                self._log_ratios[key] = np.nan_to_num(above - below, nan=0.0)
        return self._log_ratios[key]

    @cached_property
    def item_seconds(self) -> Floats:
        """Time an item is expected to take, from the attribute `seconds`; 0 where it is not known."""
        known = self.pool.attributes.get("seconds", (0.0,) * len(self.pool))
        return np.array([float(value) if value is not None else 0.0 for value in known])

    @cached_property
    def is_simple(self) -> bool:
        """Maximum information on one ability by EAP with nothing that varies between learners: the fast path."""
        design = self.design
        return (
            design.form == "adaptive"
            and self.criterion is CRITERIA["maximum_information"]
            and design.exposure.randomesque == 1
            and self.pool.n_dimensions == 1
            and self.blueprints.whole.shadow is None
        )


def compile_design(design: Design, pool: Pool) -> Plan:
    """The plan of a design on a pool.

    Raises DesignError when the design names what the pool lacks, when competency cuts name no competency, or when the
    constraints cannot be met: then the sentence says which constraint lacks how many items.
    """
    if len(pool) == 0:
        raise DesignError("The pool has no items; publish calibrated items first.")
    _check_competencies(design, pool)
    design.check_cut()
    criterion = find_criterion(design.selection.criterion)
    if criterion is None:
        raise DesignError(f"selection.criterion '{design.selection.criterion}' is unknown.")
    constraints = compile_constraints(design.content, pool.attributes, pool.items.item_id)
    for form in design.linear_forms:
        pool.positions(form)
    check_modules(design, pool)
    if design.form == "adaptive":
        check_feasible(constraints, design.stopping.min_items, design.stopping.max_items)
        blueprints = build_blueprints(design, constraints)
    else:
        blueprints = Blueprints(0, Blueprint(), Blueprint())
    return Plan(
        design=design,
        pool=pool,
        prior=build_prior(design.ability, pool.n_dimensions),
        criterion=criterion,
        constraints=constraints,
        blueprints=blueprints,
        control=build_control(design.exposure, pool),
    )


def check_learner(plan: Plan, eligible: NDArray[np.bool_]) -> None:
    """Raises InfeasibleDesign when the items one learner may still be shown, (n_items,), cannot fill the blueprint.

    To be asked before a sitting begins, when items were seen in earlier ones: afterwards nothing can go wrong.
    """
    if eligible.all():
        return
    if plan.design.form != "adaptive":
        if barred := items_in_the_way(plan.design, plan.pool, eligible):
            raise InfeasibleDesign(barred)
        return
    hierarchy, stopping = plan.blueprints.whole.hierarchy, plan.design.stopping
    if hierarchy is not None:
        left = np.bincount(hierarchy.atom[eligible], minlength=hierarchy.n_atoms)
        if hierarchy.completable(np.zeros_like(left)[None], left[None])[0]:
            return
    check_feasible(plan.constraints, stopping.min_items, stopping.max_items, eligible)


def _check_competencies(design: Design, pool: Pool) -> None:
    for name in design.decision.competency_cut_theta:
        if name not in pool.competencies:
            known = ", ".join(pool.competencies)
            raise DesignError(f"decision.competency_cut_theta names '{name}', but the pool measures {known}.")
    expected = len(pool.competencies) if design.ability.structure == "competencies" else 1
    if pool.n_dimensions != expected:
        raise DesignError("The pool was built for another ability.structure; build it with this design's ability.")
    same_grid = np.array_equal(
        pool.nodes, np.linspace(design.ability.lower, design.ability.upper, design.ability.n_nodes)
    )
    if not same_grid:
        raise DesignError("The pool was built on another grid; build it with this design's ability.")
