"""A test that decides at a cut decides at its occasion's cut, on whatever scale that was given."""

import pytest

from engine.decisions import resolve_cut
from engine.designs import AbilityDesign, DecisionDesign, Design, DesignError, LossRule, SprtRule, StoppingDesign
from engine.occasion_design import check_cuts_agree, design_for, design_on
from engine.policies.records import Cut, Occasion, PercentCut, StandardSettingCut, ThetaCut
from engine.selection.plan import compile_design
from tests.engine.frozen import frozen_bank

BANK = frozen_bank()
SPRT = StoppingDesign(min_items=3, max_items=10, rule=SprtRule())
CUTS: list[Cut] = [
    ThetaCut(value=0.4),
    PercentCut(value=63.0),
    StandardSettingCut(value=58.0, standard_error=1.5, unit="percent"),
    StandardSettingCut(value=-0.2, standard_error=0.1),
]


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: f"{type(cut).__name__} {cut.value}")
def test_a_cut_left_out_is_the_occasions(cut: Cut) -> None:
    occasion = Occasion(key="post", cut=cut, design=Design(name="post", stopping=SPRT))
    design = design_on(occasion, BANK)
    check_cuts_agree(occasion, BANK)
    assert design.decision.cut_theta == (resolve_cut(cut, BANK.curve).theta,)
    assert compile_design(design, BANK.pool(design.ability)).cuts == (design.decision.cut_theta,)


def test_a_percent_cut_is_where_the_expected_percent_is_reached() -> None:
    occasion = Occasion(key="post", cut=PercentCut(value=70.0), design=Design(name="post", stopping=SPRT))
    (theta,) = design_on(occasion, BANK).decision.cut_theta
    expected = sum(
        1.0 / (1.0 + 2.718281828459045 ** (-a * (theta - b)))
        for a, b in zip(BANK.parameters.discrimination, BANK.parameters.difficulty, strict=True)
    )
    assert 100 * expected / len(BANK) == pytest.approx(70.0, abs=0.05)


def test_a_design_that_asks_for_no_cut_is_left_alone() -> None:
    plain = Design(name="plain", stopping=StoppingDesign(max_items=10))
    assert design_on(Occasion(key="a", cut=ThetaCut(value=6.0), design=plain), BANK) is plain


def test_an_occasion_without_a_design_asks_until_its_decision_is_all_but_certain() -> None:
    plain = Occasion(key="a", cut=ThetaCut(value=0.2))
    design = design_on(plain, BANK)
    assert design.decision.cut_theta == (0.2,)
    assert design.stopping == StoppingDesign(min_items=10, max_items=40, rule=LossRule(at_most=0.005))
    lengths = [(d.stopping.min_items, d.stopping.max_items) for d in (design_for(plain, n) for n in (4, 150, 300))]
    assert lengths == [(1, 40), (20, 45), (20, 80)]
    assert design_for(plain, 300, decides=False).stopping.max_items == 36
    own = Design(name="own", stopping=StoppingDesign(max_items=7))
    assert design_for(Occasion(key="a", cut=ThetaCut(value=0.2), design=own), 300) is own


def test_competencies_decide_at_their_own_cuts_and_the_others_at_the_overall_one() -> None:
    design = Design(
        name="post",
        ability=AbilityDesign(structure="competencies"),
        stopping=StoppingDesign(max_items=20, rule=LossRule(), scope="competencies"),
    )
    cuts: dict[str, Cut] = {"take": PercentCut(value=55.0)}
    occasion = Occasion(key="post", cut=ThetaCut(value=0.3), competency_cuts=cuts, design=design)
    filled = design_on(occasion, BANK)
    own = resolve_cut(cuts["take"], BANK.competency_curves["take"]).theta
    assert compile_design(filled, BANK.pool(filled.ability)).cuts == ((0.3,), (own,))


@pytest.mark.parametrize("stated", [(0.4,), (0.4004,), (-1.0, 0.4, 1.2)])
def test_a_stated_cut_that_agrees_stays_as_it_is(stated: tuple[float, ...]) -> None:
    design = Design(name="post", stopping=SPRT, decision=DecisionDesign(cut_theta=stated))
    occasion = Occasion(key="post", cut=ThetaCut(value=0.4), design=design)
    check_cuts_agree(occasion, BANK)
    assert design_on(occasion, BANK).decision.cut_theta == stated


def test_a_stated_cut_that_differs_is_named_with_both_values() -> None:
    design = Design(name="post", stopping=SPRT, decision=DecisionDesign(cut_theta=(0.5,)))
    occasion = Occasion(key="post", cut=ThetaCut(value=0.25), design=design)
    with pytest.raises(DesignError, match=r"cut_theta is 0\.5, but the occasion's cut is 0\.25 .*leave it out"):
        check_cuts_agree(occasion, BANK)


def test_a_stated_competency_cut_that_differs_is_named() -> None:
    design = Design(
        name="post",
        ability=AbilityDesign(structure="competencies"),
        decision=DecisionDesign(competency_cut_theta={"take": 0.9}),
    )
    occasion = Occasion(
        key="post", cut=ThetaCut(value=0.0), competency_cuts={"take": ThetaCut(value=0.1)}, design=design
    )
    with pytest.raises(DesignError, match=r"competency_cut_theta of 'take' is 0\.9, but the occasion's cut is 0\.1"):
        check_cuts_agree(occasion, BANK)
