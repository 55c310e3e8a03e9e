"""When a test may end: rules, their tree, and the bounds on its length."""

from __future__ import annotations

import math
from typing import Literal

from engine.designs.parts import Part, require


class LengthRule(Part, frozen=True, kw_only=True, tag="length"):
    """Stop after `items` items."""

    items: int


class SemRule(Part, frozen=True, kw_only=True, tag="sem"):
    """Stop when the standard error is at most `at_most`."""

    at_most: float


class SemReductionRule(Part, frozen=True, kw_only=True, tag="sem_reduction"):
    """Stop when the best next item would lower the standard error by less than `below` (Choi, Grady & Dodd 2011)."""

    below: float


class InformationRule(Part, frozen=True, kw_only=True, tag="information"):
    """Stop when no item left has information of `below` or more at theta."""

    below: float


class SprtRule(Part, frozen=True, kw_only=True, tag="sprt"):
    """Wald's sequential probability ratio test at every cut, cut ± `delta` (Reckase 1983)."""

    alpha: float = 0.05
    beta: float = 0.05
    delta: float = 0.2


class GlrRule(Part, frozen=True, kw_only=True, tag="glr"):
    """The generalised likelihood ratio at every cut (Thompson 2009)."""

    alpha: float = 0.05
    beta: float = 0.05
    delta: float = 0.2


class ConfidenceRule(Part, frozen=True, kw_only=True, tag="confidence_interval"):
    """Stop when the interval theta ± z·sem leaves every cut outside (Kingsbury & Weiss 1983)."""

    alpha: float = 0.05


class LossRule(Part, frozen=True, kw_only=True, tag="bayes_loss"):
    """Stop when deciding now is expected to cost at most `at_most` at every cut (Lewis & Sheehan 1990)."""

    at_most: float = 0.05


class TimeRule(Part, frozen=True, kw_only=True, tag="time"):
    """Stop when `seconds` have passed."""

    seconds: float


class AnyRule(Part, frozen=True, kw_only=True, tag="any"):
    """Stop when one of the rules says so."""

    rules: tuple[StopRule, ...]


class AllRule(Part, frozen=True, kw_only=True, tag="all"):
    """Stop when all of the rules say so."""

    rules: tuple[StopRule, ...]


StopRule = (
    LengthRule
    | SemRule
    | SemReductionRule
    | InformationRule
    | SprtRule
    | GlrRule
    | ConfidenceRule
    | LossRule
    | TimeRule
    | AnyRule
    | AllRule
)


class StoppingDesign(Part, frozen=True, kw_only=True):
    """At least `min_items`, at most `max_items`, and in between whenever `rule` holds."""

    min_items: int = 1
    max_items: int = 40
    max_seconds: float | None = None
    rule: StopRule | None = None
    scope: Literal["overall", "competencies"] = "overall"

    def __post_init__(self) -> None:
        require(self.min_items >= 1, "stopping.min_items must be at least 1.")
        require(self.max_items >= self.min_items, "stopping.max_items must be at least stopping.min_items.")
        require(self.max_seconds is None or self.max_seconds > 0, "stopping.max_seconds must be above 0.")
        if self.rule is not None:
            _check_rule(self.rule)


def _check_rule(rule: StopRule) -> None:
    if isinstance(rule, AnyRule | AllRule):
        require(len(rule.rules) > 0, "stopping.rule: any and all need at least one rule in `rules`.")
        for part in rule.rules:
            _check_rule(part)
        return
    for field in rule.__struct_fields__:
        value = getattr(rule, field)
        require(value > 0 and math.isfinite(value), f"stopping.rule: {field} must be above 0, not {value}.")
        if field in ("alpha", "beta"):
            require(value < 0.5, f"stopping.rule: {field} must be below 0.5, not {value}.")
