"""A form on paper keeps the blueprint of the adaptive test and is the most informative one at the cut."""

from itertools import combinations

import msgspec
import numpy as np
import pytest

from engine.content.constraints import compile_constraints, violations
from engine.content.feasibility import InfeasibleDesign
from engine.designs import ContentDesign, CountConstraint, Design, StoppingDesign
from engine.fixed_form import assemble_form, check_forms, form_faults, printable
from engine.frozen_bank import FrozenBank
from engine.policies.records import Occasion, PercentCut, ThetaCut
from engine.refusals import PolicyInvalid
from engine.workflows.shelf import plan_of
from itembank.items import Interaction
from psychometrics.information import item_information
from tests.engine.frozen import frozen_bank

BANK = frozen_bank(("add", "take"), each=20)


def occasion(longest: int, least: int, most: int, cut: float = 0.3) -> Occasion:
    content = ContentDesign(constraints=(CountConstraint(attribute="competency", min=least, max=most),))
    design = Design(name="post", content=content, stopping=StoppingDesign(min_items=2, max_items=longest))
    return Occasion(key="post", cut=ThetaCut(value=cut), design=design, forms=("adaptive", "print"))


def places(form_items: tuple[str, ...], bank: FrozenBank = BANK) -> list[int]:
    keys = [item.key for item in bank.items]
    return [keys.index(key) for key in form_items]


@pytest.mark.parametrize(("longest", "least", "most"), [(12, 4, 8), (10, 5, 5), (16, 2, 14)])
def test_the_form_keeps_the_blueprint_at_full_length(longest: int, least: int, most: int) -> None:
    asked = occasion(longest, least, most)
    form = assemble_form(asked, BANK, "print")
    assert len(set(form.items)) == longest
    assert asked.design is not None
    pool = BANK.pool(asked.design.ability)
    constraints = compile_constraints(asked.design.content, pool.attributes, pool.items.item_id)
    assert violations(constraints, np.array(places(form.items))) == []


def test_no_other_form_of_a_small_bank_is_more_informative_around_the_cut() -> None:
    bank = frozen_bank(("add", "take"), each=6, seed=4)
    form = assemble_form(occasion(4, 1, 3), bank, "print")
    information = item_information(bank.parameters, [-0.2, 0.3, 0.8]).T
    legal = [
        information[:, list(chosen)].sum(axis=1).min()
        for chosen in combinations(range(12), 4)
        if 1 <= sum(place < 6 for place in chosen) <= 3
    ]
    reached = information[:, places(form.items, bank)].sum(axis=1)
    assert reached.min() == pytest.approx(max(legal), rel=2e-3)
    assert form.sem_at_cut == pytest.approx(1 / np.sqrt(reached[1]))


def test_questions_go_from_easy_to_hard() -> None:
    form = assemble_form(occasion(12, 4, 8), BANK, "print")
    difficulty = BANK.parameters.difficulty[places(form.items)]
    assert np.all(np.diff(difficulty) > -0.11)


def test_a_percent_cut_is_placed_on_the_scale() -> None:
    asked = msgspec.structs.replace(occasion(12, 4, 8), cut=PercentCut(value=65.0))
    cut = assemble_form(asked, BANK, "print").cut_theta
    assert np.interp(cut, BANK.curve.nodes, BANK.curve.percents) == pytest.approx(65.0, abs=0.05)


def test_a_form_that_the_policy_does_not_offer_is_refused() -> None:
    with pytest.raises(PolicyInvalid, match="offered as adaptive, print; add 'oral' to its forms"):
        assemble_form(occasion(12, 4, 8), BANK, "oral")


def test_items_that_need_a_screen_stay_out_and_their_lack_is_named() -> None:
    bank = _on_screen_only(17)
    assert printable(bank).tolist() == [place >= 17 for place in range(40)]
    with pytest.raises(InfeasibleDesign, match="competency=add lacks 1"):
        assemble_form(occasion(12, 4, 8), bank, "print")


def test_a_form_keeps_off_what_its_learners_have_met() -> None:
    first = places(assemble_form(occasion(12, 4, 8), BANK, "print").items)
    unseen = np.ones(40, dtype=bool)
    unseen[first] = False
    second = places(assemble_form(occasion(12, 4, 8), BANK, "print", unseen).items)
    assert set(first).isdisjoint(second)
    unseen[second] = False
    with pytest.raises(InfeasibleDesign, match="competency="):
        assemble_form(occasion(12, 6, 6), BANK, "print", unseen & (np.arange(40) % 4 == 0))


def test_an_occasion_that_is_a_fixed_form_is_printed_as_the_first_unseen_one() -> None:
    keys = [item.key for item in BANK.items]
    design = Design(name="post", form="linear", items=tuple(keys[:4]), parallel=(tuple(keys[4:8]),))
    asked = msgspec.structs.replace(occasion(12, 4, 8), design=design)
    assert assemble_form(asked, BANK, "print").items == tuple(keys[:4])
    unseen = np.ones(40, dtype=bool)
    unseen[2] = False
    assert assemble_form(asked, BANK, "print", unseen).items == tuple(keys[4:8])
    unseen[5] = False
    with pytest.raises(InfeasibleDesign, match="form 1 lacks 1"):
        assemble_form(asked, BANK, "print", unseen)


def test_what_a_handed_out_form_should_not_have_been_is_found() -> None:
    asked = occasion(12, 4, 8)
    plan, unseen = plan_of(asked, BANK), np.ones(40, dtype=bool)
    sound = places(assemble_form(asked, BANK, "print").items)
    assert form_faults(plan, BANK, sound, unseen) == []
    unseen[sound[3]] = False
    assert form_faults(plan, BANK, sound, unseen) == ["Item 4 was not eligible."]
    assert "twice" in " ".join(form_faults(plan, BANK, [*sound[:-1], sound[0]], np.ones(40, dtype=bool)))
    assert "The form has 11 items, not 12." in form_faults(plan, BANK, sound[:-1], np.ones(40, dtype=bool))
    assert any("blueprint" in fault for fault in form_faults(plan, BANK, list(range(12)), np.ones(40, dtype=bool)))


def test_an_occasion_offered_on_paper_is_refused_at_publication_where_nothing_can_be_printed() -> None:
    check_forms(occasion(12, 4, 8), BANK)
    with pytest.raises(InfeasibleDesign, match="lacks"):
        check_forms(occasion(12, 4, 8), _on_screen_only(17))


def _on_screen_only(n_items: int) -> FrozenBank:
    slider = (Interaction(kind="slider", response="RESPONSE", lower=0, upper=10),)
    items = tuple(
        msgspec.structs.replace(item, content=msgspec.structs.replace(item.content, interactions=slider))
        if place < n_items
        else item
        for place, item in enumerate(BANK.items)
    )
    return FrozenBank(**{**{name: getattr(BANK, name) for name in BANK.__dataclass_fields__}, "items": items})
