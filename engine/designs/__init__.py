"""The validated document that says how a test runs: ability, selection, content, exposure, stopping, decision.

One design serves the simulator before launch and the live sitting afterwards, so what was proved is what runs.
The format, with examples, is described in `docs/methods/designs.md`.
"""

from engine.designs.content import (
    Constraint,
    ContentDesign,
    CountConstraint,
    EnemyConstraint,
    SetConstraint,
    SumConstraint,
)
from engine.designs.document import Design, read_design, write_design
from engine.designs.forms import ModuleDesign, PretestDesign, Route
from engine.designs.measuring import (
    AbilityDesign,
    DecisionDesign,
    ExposureDesign,
    SelectionDesign,
)
from engine.designs.parts import DesignError
from engine.designs.stopping import (
    AllRule,
    AnyRule,
    ConfidenceRule,
    GlrRule,
    InformationRule,
    LengthRule,
    LossRule,
    SemReductionRule,
    SemRule,
    SprtRule,
    StoppingDesign,
    StopRule,
    TimeRule,
)

__all__ = [
    "AbilityDesign",
    "AllRule",
    "AnyRule",
    "ConfidenceRule",
    "Constraint",
    "ContentDesign",
    "CountConstraint",
    "DecisionDesign",
    "Design",
    "DesignError",
    "EnemyConstraint",
    "ExposureDesign",
    "GlrRule",
    "InformationRule",
    "LengthRule",
    "LossRule",
    "ModuleDesign",
    "PretestDesign",
    "Route",
    "SelectionDesign",
    "SemReductionRule",
    "SemRule",
    "SetConstraint",
    "SprtRule",
    "StopRule",
    "StoppingDesign",
    "SumConstraint",
    "TimeRule",
    "read_design",
    "write_design",
]
