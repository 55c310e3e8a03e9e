"""How often a gap report's statements are right, and how many it makes: cohorts of 5,000 on the sample bank.

The whole chain as an institution has it: 2,000 people answer the field test, the bank is calibrated on one dimension or
on one a competency, and learners of known ability sit an adaptive test of 40 items chosen by the estimated
parameters. The report sees those parameters and, of the correlations, what the calibration left.

Run: python -m tests.recovery.gap_states
"""

from __future__ import annotations

import numpy as np

from engine.designs import Design
from engine.frozen_bank import ASSUMED_CORRELATION, ASSUMED_RANGE
from engine.simulation.run import replay_responses
from engine.simulation.simulate import Bank
from psychometrics import calibrate
from psychometrics.ability.multidimensional import competency_log_likelihood, multidimensional_posterior
from psychometrics.arrays import MISSING
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities
from sample.bank import load_bank
from sample.field_test import COMPETENCIES, CORRELATIONS, simulate_field_test
from tests.engine.gap_report.test_states_in_simulation import alike, state_of

N = 5_000
CUTS = (-0.5, 0.0, 0.5, 1.0)
STATES = ("met", "likely_met", "not_enough_evidence", "not_yet")


def sit(rng: np.random.Generator, theta: np.ndarray, true: ItemParameters, bank: ItemParameters, home: np.ndarray):
    """Answers (n_persons, n_items) to the 40 items that the adaptive test chose for each."""
    chance = np.empty((len(theta), len(true)))
    for place in range(len(COMPETENCIES)):
        mine = np.flatnonzero(home == place)
        chance[:, mine] = probabilities(true.take(mine), theta[:, place])[:, 1].T
    whole = (rng.random(chance.shape) < chance).astype(np.int8)
    sittings = replay_responses(Bank(bank).plan(Design(name="adaptive")), whole, seed=8)
    given = np.full(whole.shape, MISSING, dtype=np.int8)
    np.put_along_axis(given, sittings.items, sittings.categories, axis=1)
    return given


def report(name: str, given: np.ndarray, theta: np.ndarray, bank: ItemParameters, home: np.ndarray, believed: list):
    """Print a line a cut."""
    logs = competency_log_likelihood(given, bank, home, len(COMPETENCIES))
    posteriors = [multidimensional_posterior(logs, correlations) for correlations in believed]
    own = np.stack([(given[:, home == place] != MISSING).sum(axis=1) for place in range(theta.shape[1])], axis=1)
    for cut in CUTS:
        chances = np.stack([posterior.probability_above(cut) for posterior in posteriors])
        flat = zip(chances[0].ravel(), own.ravel(), chances.min(axis=0).ravel(), chances.max(axis=0).ravel())
        said = np.array([state_of(p, int(n), lowest=low, highest=high) for p, n, low, high in flat]).reshape(own.shape)
        above = theta >= cut
        shares = ", ".join(f"{state} {100 * (said == state).mean():.0f} %" for state in STATES)
        met, not_yet = above[said == "met"].mean(), (~above)[said == "not_yet"].mean()
        print(f"  {name}, cut {cut:+.1f}: met right {100 * met:.1f} %, not yet {100 * not_yet:.1f} %; {shares}")


def main() -> None:
    """Calibrate once a way, then every truth."""
    items = load_bank()
    test = simulate_field_test(items, 2_000, seed=11)
    true = ItemParameters.logistic(test.discrimination, test.difficulty, item_id=test.item_id)
    names = [item["competency"] for item in items]
    home = np.array([COMPETENCIES.index(name) for name in names])
    options = {"item_id": test.item_id}
    flat = calibrate(test.responses, "2pl", **options)
    several = calibrate(test.responses, "2pl", dimensions=dict(zip(test.item_id, names)), **options)
    document = several.to_document()
    order = [document["dimensions"].index(name) for name in COMPETENCIES]
    estimated = np.array(document["correlations"])[np.ix_(order, order)]
    print(f"{N} learners, 300 items, 40 answers each; correlations of the truth 0.6 to 0.8, or all alike")
    for label, truth in (("0.6 to 0.8", CORRELATIONS), ("0.5", alike(0.5))):
        rng = np.random.default_rng(12)
        theta = rng.multivariate_normal(np.zeros(len(COMPETENCIES)), truth, size=N, method="cholesky")
        bank = ItemParameters.from_records(flat.to_document()["items"])
        assumed = [alike(value) for value in (ASSUMED_CORRELATION, *ASSUMED_RANGE)]
        report(f"truth {label}, assumed", sit(rng, theta, true, bank, home), theta, bank, home, assumed)
        bank = ItemParameters.from_records(document["items"])
        report(f"truth {label}, estimated", sit(rng, theta, true, bank, home), theta, bank, home, [estimated])


if __name__ == "__main__":
    main()
