"""The design of an occasion on a bank: it decides where the occasion decides, whatever scale the cut was given on."""

import msgspec

from engine.decisions import resolve_cut
from engine.designs import Design, DesignError
from engine.frozen_bank import FrozenBank
from engine.policies.records import Occasion

TOLERANCE = 1e-3
"""A cut stated in the design may differ by this much from the occasion's: authors round."""


def design_on(occasion: Occasion, bank: FrozenBank) -> Design:
    """The occasion's design, or the standard adaptive one; cuts that it needs and leaves out are the occasion's own."""
    design = occasion.design or Design(name=occasion.key)
    if not design.needs_cut:
        return design
    decision = design.decision
    overall = decision.cut_theta or (resolve_cut(occasion.cut, bank.curve).theta,)
    own = _competency_cuts(occasion, bank) if design.ability.structure == "competencies" else {}
    own |= decision.competency_cut_theta
    decision = msgspec.structs.replace(decision, cut_theta=overall, competency_cut_theta=own)
    return msgspec.structs.replace(design, decision=decision)


def check_cuts_agree(occasion: Occasion, bank: FrozenBank) -> None:
    """Raises DesignError when the design states a cut that is not the occasion's.

    Among several stated cuts, one must be the occasion's; the others are borders between grades.
    """
    stated = (occasion.design or Design(name=occasion.key)).decision
    overall = resolve_cut(occasion.cut, bank.curve).theta
    if stated.cut_theta and not any(_same(one, overall) for one in stated.cut_theta):
        raise DesignError(_differs("cut_theta", ", ".join(f"{one:g}" for one in stated.cut_theta), overall))
    own = _competency_cuts(occasion, bank)
    for name, cut in stated.competency_cut_theta.items():
        if not _same(cut, own.get(name, overall)):
            raise DesignError(_differs(f"competency_cut_theta of '{name}'", f"{cut:g}", own.get(name, overall)))


def _competency_cuts(occasion: Occasion, bank: FrozenBank) -> dict[str, float]:
    return {
        name: resolve_cut(cut, bank.competency_curves[name]).theta
        for name, cut in occasion.competency_cuts.items()
        if name in bank.competency_curves
    }


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= TOLERANCE


def _differs(field: str, stated: str, cut: float) -> str:
    return (
        f"decision.{field} is {stated}, but the occasion's cut is {cut:.4g} on this bank's theta scale; "
        "leave it out of the design, and the test decides at the occasion's cut."
    )
