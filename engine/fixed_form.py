"""A fixed form of an occasion for paper or an assessor: the blueprint of the adaptive test, as informative at its cut.

Who sits it is scored on the same scale as everybody, from the same frozen tables.
"""

import numpy as np
from numpy.typing import NDArray

from engine.assembly import assemble_forms
from engine.content.constraints import compile_constraints
from engine.content.feasibility import check_feasible
from engine.decisions import resolve_cut
from engine.frozen_bank import FrozenBank
from engine.occasion_design import design_on
from engine.policies.records import Occasion
from engine.refusals import PolicyInvalid
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


def assemble_form(occasion: Occasion, bank: FrozenBank, kind: str) -> FixedForm:
    """The most informative form around the occasion's cut, as long as the longest adaptive test.

    Raises:
        PolicyInvalid: when the occasion is not offered in this form.
        InfeasibleDesign: when the printable items cannot fill the blueprint, with what is missing.
    """
    if kind not in occasion.forms:
        offered = ", ".join(occasion.forms)
        raise PolicyInvalid(f"Occasion '{occasion.key}' is offered as {offered}; add '{kind}' to its forms.")
    design = design_on(occasion, bank)
    pool = bank.pool(design.ability)
    length, cut = design.stopping.max_items, resolve_cut(occasion.cut, bank.curve).theta
    information = item_information(bank.parameters, [cut + away for away in AROUND_CUT]).T
    if design.form == "linear":
        chosen, gap = pool.positions(design.items), 0.0
    else:
        constraints = compile_constraints(design.content, pool.attributes, pool.items.item_id)
        usable = printable(bank)
        check_feasible(constraints, length, length, usable)
        forms = assemble_forms(constraints, information, n_forms=1, n_items=length, eligible=usable)
        chosen, gap = _in_order(forms.forms[0], bank), forms.gap
    reached = information[AROUND_CUT.index(0.0), chosen].sum()
    return FixedForm(
        occasion=occasion.key, kind=kind, bank=bank.key, bank_version=bank.number,
        items=tuple(bank.items[place].key for place in chosen.tolist()), cut_theta=cut,
        sem_at_cut=float(1.0 / np.sqrt(reached)), gap=gap,
    )  # fmt: skip


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
