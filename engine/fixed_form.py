"""A fixed form of an occasion for paper or an assessor: the blueprint of the adaptive test, as informative at its cut.

Who sits it is scored on the same scale as everybody, from the same frozen tables.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.assembly import assemble_forms
from engine.content.constraints import compile_constraints, violations
from engine.content.feasibility import InfeasibleDesign, check_feasible
from engine.decisions import resolve_cut
from engine.designs import Design
from engine.frozen_bank import FrozenBank
from engine.multistage import items_in_the_way
from engine.occasion_design import design_on
from engine.policies.records import Occasion
from engine.refusals import PolicyInvalid
from engine.selection.plan import Plan
from engine.selection.tables import Pool
from itembank.items import Item
from itembank.records import Record
from psychometrics.information import item_information

PRINTABLE = frozenset({"choice", "text_entry", "hottext"})
"""Interactions that a sheet of paper can hold; the others need a screen."""

AROUND_CUT = (-0.5, 0.0, 0.5)


class FixedForm(Record, frozen=True, kw_only=True):
    """A form in the order of its questions. `sem_at_cut`: the standard error of maximum likelihood at the cut."""

    occasion: str
    kind: str
    bank: str
    bank_version: int
    items: tuple[str, ...]
    cut_theta: float
    sem_at_cut: float
    gap: float


def assemble_form(
    occasion: Occasion, bank: FrozenBank, kind: str, unseen: NDArray[np.bool_] | None = None, *, decides: bool = True
) -> FixedForm:
    """The most informative form around the occasion's cut, as long as the longest adaptive test.

    unseen: (n_operational,) items that nobody who is to sit it has met; None for all. Of an occasion that is a fixed
    form anyway, the first of its parallel forms that is unseen.

    Raises:
        PolicyInvalid: when the occasion is not offered in this form.
        InfeasibleDesign: when the printable items cannot fill the blueprint, with what is missing.
    """
    if kind not in occasion.forms:
        offered = ", ".join(occasion.forms)
        raise PolicyInvalid(f"Occasion '{occasion.key}' is offered as {offered}; add '{kind}' to its forms.")
    design = design_on(occasion, bank, decides=decides)
    pool = bank.pool(design.ability)
    length, cut = design.stopping.max_items, resolve_cut(occasion.cut, bank.curve).theta
    information = item_information(bank.parameters, [cut + away for away in AROUND_CUT]).T
    fresh = np.ones(bank.n_operational, dtype=bool) if unseen is None else unseen
    if design.form == "linear":
        chosen, gap = _first_unseen(design, pool, fresh), 0.0
    else:
        constraints = compile_constraints(design.content, pool.attributes, pool.items.item_id)
        usable = printable(bank) & fresh
        check_feasible(constraints, length, length, usable)
        forms = assemble_forms(constraints, information, n_forms=1, n_items=length, eligible=usable)
        chosen, gap = _in_order(forms.forms[0], bank), forms.gap
    reached = information[AROUND_CUT.index(0.0), chosen].sum()
    return FixedForm(
        occasion=occasion.key, kind=kind, bank=bank.key, bank_version=bank.number,
        items=tuple(bank.items[place].key for place in chosen.tolist()), cut_theta=cut,
        sem_at_cut=float(1.0 / np.sqrt(reached)), gap=gap,
    )  # fmt: skip


def check_forms(occasion: Occasion, bank: FrozenBank, *, decides: bool = True) -> None:
    """Raises InfeasibleDesign when the occasion is offered on paper and printable items cannot fill its blueprint."""
    if set(occasion.forms) <= {"adaptive"}:
        return
    design = design_on(occasion, bank, decides=decides)
    if design.form != "linear":
        pool, length = bank.pool(design.ability), design.stopping.max_items
        constraints = compile_constraints(design.content, pool.attributes, pool.items.item_id)
        check_feasible(constraints, length, length, printable(bank))


def form_faults(plan: Plan, bank: FrozenBank, places: Sequence[int], unseen: NDArray[np.bool_]) -> list[str]:
    """A sentence for everything that a form which was handed out should not have been: none for a sound one.

    places: bank positions of its items; unseen: (n_operational,) items that its learner had not met before.
    """
    if plan.design.form == "linear":
        given = tuple(plan.pool.items.item_id[place] for place in places)
        faults = [] if given in plan.design.linear_forms else ["The form is none of the occasion's forms."]
    else:
        chosen, usable = np.array(places, dtype=np.intp), printable(bank)
        faults = [f"The form breaks the blueprint: {broken}." for broken in violations(plan.constraints, chosen)]
        faults += [f"Item {n} cannot be printed." for n, place in enumerate(places, 1) if not usable[place]]
        if len(places) != plan.design.stopping.max_items:
            faults.append(f"The form has {len(places)} items, not {plan.design.stopping.max_items}.")
    faults += [f"Item {n} was not eligible." for n, place in enumerate(places, 1) if not unseen[place]]
    return faults if len(set(places)) == len(places) else [*faults, "The form holds an item twice."]


def _first_unseen(design: Design, pool: Pool, fresh: NDArray[np.bool_]) -> NDArray[np.intp]:
    if barred := items_in_the_way(design, pool, fresh):
        raise InfeasibleDesign(barred)
    forms = (pool.positions(form) for form in design.linear_forms)
    return next(form for form in forms if fresh[form].all())


def _in_order(chosen: NDArray[np.intp], bank: FrozenBank) -> NDArray[np.intp]:
    """Easiest first, items that share a stimulus together: each by the ability at which it informs most."""
    nodes = np.linspace(-6.0, 6.0, 121)
    peak = dict(zip(chosen.tolist(), item_information(bank.parameters.take(chosen), nodes).argmax(axis=1).tolist()))
    stimulus = {place: bank.items[place].content.stimulus_key or bank.items[place].key for place in peak}
    first = {name: min(peak[place] for place in peak if stimulus[place] == name) for name in stimulus.values()}
    ordered = sorted(peak, key=lambda p: (first[stimulus[p]], stimulus[p], peak[p], bank.items[p].key))
    return np.array(ordered, dtype=np.intp)


def printable(bank: FrozenBank) -> NDArray[np.bool_]:
    """(n_operational,) Items that a sheet of paper can hold: no screen needed, no picture or sound."""
    return np.array([_on_paper(item) for item in bank.items[: bank.n_operational]])


def _on_paper(item: Item) -> bool:
    content = item.content
    return not content.assets and all(part.kind in PRINTABLE for part in content.interactions)
