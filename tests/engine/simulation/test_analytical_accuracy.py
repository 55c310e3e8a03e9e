"""Analytical accuracy beside the simulator: what the formulas promise is what simulated learners get."""

import numpy as np
import pytest

from engine.designs import DecisionDesign, Design, StoppingDesign
from engine.simulation.run import Population, draw_abilities, run_plan
from engine.simulation.simulate import Bank
from psychometrics.classification import lee, livingston_lewis, rudner
from tests.engine.selection.banks import dichotomous_bank

BANK = Bank(dichotomous_bank(200, 31))
N_PERSONS = 6000
CUT = 0.4
IDS = BANK.items.item_id


def simulated(design: Design, attempt: int = 0):  # type: ignore[no-untyped-def]
    """Sittings and the truth behind them; another attempt is another luck of the same learners."""
    plan = BANK.plan(design)
    truth = draw_abilities(Population(), N_PERSONS, 1, 17)
    return plan, run_plan(plan, truth, 17, attempt=attempt), truth[:, 0]


def error_of(share: float) -> float:
    return float(np.sqrt(share * (1.0 - share) / N_PERSONS))


@pytest.mark.parametrize("longest", [10, 25])
def test_rudner_foretells_the_accuracy_of_an_adaptive_test(longest: int) -> None:
    """The posterior is a little skewed, so half a per cent is allowed besides four standard errors."""
    design = Design(
        name="adaptive", stopping=StoppingDesign(max_items=longest), decision=DecisionDesign(cut_theta=(CUT,))
    )
    _, sittings, truth = simulated(design)
    right = (sittings.credited[:, 0] == (truth >= CUT)).mean()
    told = rudner(sittings.theta[:, 0], sittings.sem[:, 0], [CUT])
    assert told.accuracy == pytest.approx(right, abs=4 * error_of(right) + 0.005)


def test_lee_and_livingston_lewis_foretell_accuracy_and_consistency_of_a_fixed_form() -> None:
    design = Design(name="form", form="linear", items=IDS[:40])
    plan, first, truth = simulated(design)
    _, second, _ = simulated(design, attempt=1)
    scores = [(sittings.categories > 0).sum(axis=1) for sittings in (first, second)]
    places = plan.pool.positions(IDS[:40])
    expected = plan.pool.curves.probability_right(places[None, :], truth[:, None]).sum(axis=1)
    cut = 24
    right = ((scores[0] >= cut) == (expected >= cut)).mean()
    same = ((scores[0] >= cut) == (scores[1] >= cut)).mean()
    by_model = lee(BANK.items.take(places), cut_score=cut)
    assert by_model.accuracy == pytest.approx(right, abs=4 * error_of(right))
    assert by_model.consistency == pytest.approx(same, abs=4 * error_of(same))
    reliability = float(np.corrcoef(scores[0], scores[1])[0, 1])
    by_scores, _ = livingston_lewis(scores[0], reliability, cut, maximum=40)
    # binomial errors stand in for those of unlike items, and moments for a distribution: 0.02 is allowed for both
    assert by_scores.accuracy == pytest.approx(right, abs=4 * error_of(right) + 0.02)
    assert by_scores.consistency == pytest.approx(same, abs=4 * error_of(same) + 0.02)
