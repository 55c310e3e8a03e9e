"""The design of an occasion on a bank: it decides where the occasion decides, whatever scale the cut was given on.

An occasion without a design gets the standard one. It asks until the decision is all but certain (the Bayes risk of
Lewis & Sheehan 1990), so that only those near the cut sit long; the lengths are those of docs/methods/decisions.md.
"""

import msgspec

from engine.decisions import resolve_cut
from engine.designs import Design, DesignError, LossRule, StoppingDesign
from engine.frozen_bank import FrozenBank
from engine.policies.records import Occasion, Policy

TOLERANCE = 1e-3
"""A cut stated in the design may differ by this much from the occasion's: authors round."""


SHORTEST, LONGEST, DOOR = 20, 80, 36
"""Questions of the standard design: at least; at most where credit is decided; at most where only a door is opened."""

SURE = 0.005
"""The probability of a wrong decision at which the standard design ends a sitting."""


def decides_credit(policy: Policy, occasion: Occasion) -> bool:
    """Whether credit needs the occasion; others, a pre-test as a rule, only open doors."""
    return occasion.key in policy.credit.needs


def design_for(occasion: Occasion, n_items: int, *, decides: bool = True) -> Design:
    """The occasion's own design, or the standard one for a bank of so many operational items, its cut left open.

    Three tenths of a bank is the most that one sitting uses, but 40 items where the bank is small; the shortest test
    shrinks with a bank below 80.
    """
    if occasion.design is not None:
        return occasion.design
    longest = min(LONGEST, max(40, 3 * n_items // 10)) if decides else DOOR
    shortest = max(1, min(SHORTEST, n_items // 4))
    stopping = StoppingDesign(min_items=shortest, max_items=longest, rule=LossRule(at_most=SURE))
    return Design(name=occasion.key, stopping=stopping)


def design_on(occasion: Occasion, bank: FrozenBank, *, decides: bool = True) -> Design:
    """The occasion's design on the bank; cuts that it needs and leaves out are the occasion's own."""
    design = design_for(occasion, bank.n_operational, decides=decides)
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
    if occasion.design is None:
        return
    stated = occasion.design.decision
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
