"""The design as one document: its parts, what must fit together, how it is read and written."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Literal

import msgspec

from engine.designs.content import ContentDesign
from engine.designs.forms import ModuleDesign, PretestDesign
from engine.designs.measuring import (
    CRITERIA_AT_CUT,
    CRITERION_NAMES,
    AbilityDesign,
    DecisionDesign,
    ExposureDesign,
    SelectionDesign,
    criterion_name,
)
from engine.designs.parts import DesignError, Part, require
from engine.designs.stopping import (
    AllRule,
    AnyRule,
    ConfidenceRule,
    GlrRule,
    LossRule,
    SprtRule,
    StoppingDesign,
    StopRule,
)


class Design(Part, frozen=True, kw_only=True):
    """A whole test design."""

    name: str
    form: Literal["adaptive", "linear", "multistage"] = "adaptive"
    ability: AbilityDesign = AbilityDesign()
    selection: SelectionDesign = SelectionDesign()
    content: ContentDesign = ContentDesign()
    exposure: ExposureDesign = ExposureDesign()
    stopping: StoppingDesign = StoppingDesign()
    decision: DecisionDesign = DecisionDesign()
    pretest: PretestDesign = PretestDesign()
    items: tuple[str, ...] = ()
    parallel: tuple[tuple[str, ...], ...] = ()
    modules: tuple[ModuleDesign, ...] = ()

    def __post_init__(self) -> None:
        require(bool(self.name.strip()), "name must say what the design is called.")
        require(self.form != "linear" or bool(self.items), "items must list the item ids of a linear form.")
        require(self.form != "multistage" or bool(self.modules), "modules must be given for a multistage design.")
        self._check_parallel()
        self._check_criterion()
        self._check_cuts()
        self._check_scope()
        self._check_pretest()

    def _check_parallel(self) -> None:
        require(not self.parallel or self.form == "linear", "parallel forms belong to a linear form.")
        seen: set[str] = set(self.items)
        for number, form in enumerate(self.parallel, 2):
            alike = len(form) == len(self.items)
            require(alike, f"parallel: form {number} has {len(form)} items, form 1 has {len(self.items)}.")
            shared = seen.intersection(form)
            require(not shared, f"parallel: form {number} shares '{min(shared, default='')}' with another form.")
            seen.update(form)

    @property
    def linear_forms(self) -> tuple[tuple[str, ...], ...]:
        """The forms of a linear design, any of which a learner may be given; none of another design."""
        return (self.items, *self.parallel) if self.form == "linear" else ()

    def _check_criterion(self) -> None:
        name, known = self.selection.criterion, ", ".join(sorted(CRITERION_NAMES))
        known_name = criterion_name(name) is not None
        require(known_name, f"selection.criterion '{name}' is unknown; choose one of {known}.")

    def _check_cuts(self) -> None:
        for cut in self.cuts:
            inside = self.ability.lower < cut < self.ability.upper
            require(inside, f"decision.cut_theta {cut} must lie between ability.lower and ability.upper.")

    def _check_scope(self) -> None:
        by_competency = self.stopping.scope == "competencies" or bool(self.decision.competency_cut_theta)
        require(
            not by_competency or self.ability.structure == "competencies",
            "decisions by competency need ability.structure = 'competencies'.",
        )
        plain = self.ability.structure == "overall" or self.ability.estimator == "eap"
        require(plain, "ability.structure = 'competencies' is estimated by ability.estimator = 'eap'.")

    def _check_pretest(self) -> None:
        if self.pretest.items and self.pretest.last_position is None:
            require(
                self.shortest >= self.pretest.first_position,
                f"pretest.first_position {self.pretest.first_position} lies behind the shortest test of "
                f"{self.shortest} items; lower it, raise stopping.min_items or give pretest.last_position.",
            )

    @property
    def shortest(self) -> int:
        """The fewest items after which a sitting may end by itself."""
        if self.form == "linear":
            return len(self.items)
        if self.form == "adaptive":
            return self.stopping.min_items
        stages = {module.stage for module in self.modules}
        return sum(min(len(module.items) for module in self.modules if module.stage == stage) for stage in stages)

    @property
    def needs_cut(self) -> bool:
        """Whether a rule or the criterion asks where the cut is."""
        return self._rule_needs_cut or criterion_name(self.selection.criterion) in CRITERIA_AT_CUT

    @property
    def _rule_needs_cut(self) -> bool:
        return any(isinstance(rule, SprtRule | GlrRule | ConfidenceRule | LossRule) for rule in self.rules())

    def check_cut(self) -> None:
        """Raises DesignError when a cut is needed and none is given: to be asked before the design runs.

        A design inside a policy may leave its cut out, for the occasion's own cut decides there.
        """
        given = bool(self.cuts)
        require(given or not self._rule_needs_cut, "stopping.rule decides at a cut; give decision.cut_theta.")
        criterion = self.selection.criterion
        require(given or not self.needs_cut, f"selection.criterion '{criterion}' needs decision.cut_theta.")

    @property
    def cuts(self) -> tuple[float, ...]:
        """Every cut the design names, overall and by competency."""
        return (*self.decision.cut_theta, *self.decision.competency_cut_theta.values())

    def rules(self) -> Iterator[StopRule]:
        """Every rule of the stopping tree, parents before their parts."""
        waiting = [self.stopping.rule] if self.stopping.rule is not None else []
        while waiting:
            rule = waiting.pop()
            yield rule
            if isinstance(rule, AnyRule | AllRule):
                waiting.extend(rule.rules)


def read_design(document: bytes | str, *, format: Literal["toml", "json"] = "toml") -> Design:
    """The design a TOML or JSON document describes; a DesignError says which field is wrong and what to do."""
    text = document.decode("utf-8", errors="replace") if isinstance(document, bytes) else document
    try:
        if format == "json":
            return msgspec.json.decode(text.encode(), type=Design)
        return msgspec.convert(tomllib.loads(text), type=Design)
    except tomllib.TOMLDecodeError as error:
        raise DesignError(f"The design is not valid TOML: {error}.") from None
    except msgspec.DecodeError as error:
        raise DesignError(f"The design does not fit the format: {error}.") from None


def write_design(design: Design) -> bytes:
    """The design as a JSON document that `read_design` reads back to an equal record."""
    return msgspec.json.encode(design)
