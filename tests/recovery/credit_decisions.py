"""False credit and false denial of whole journeys: pre-test, post-test on other items, decision of record, policy.

Two cohorts of 5,000 whose true ability lies half a logit below and half a logit above the post-test's cut, on a bank of
300 items; the test that is simulated is the live one, and the decision is made by the product's own function from the
exact score of record.

The defaults were chosen on bank 1; FRESH_BANKS are other banks with other learners, on which nothing was chosen.

Run: python -m tests.recovery.credit_decisions
"""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from engine.decisions import Decision, DomainCurve, Posterior, chance_of_passing, decide_sitting, resolve_cut
from engine.designs import Design, SemRule, StoppingDesign
from engine.policies import Cut, DecisionRule, PercentCut, Policy, ThetaCut, preset
from engine.simulation.cohort import Sittings
from engine.simulation.run import run_plan
from engine.simulation.simulate import Bank
from psychometrics.ability.record import freeze_table, score_of_record
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities

NODES = np.linspace(-6.0, 6.0, 121)
N = 5_000
FRESH_BANKS = (11, 12, 13, 14, 15)
CUTS = (-0.5, 0.0, 0.5, 1.0)
USUAL = StoppingDesign(min_items=20, max_items=50, rule=SemRule(at_most=0.25))
LONGER = StoppingDesign(min_items=20, max_items=60, rule=SemRule(at_most=0.23))


def bank_of(seed: int) -> ItemParameters:
    """300 items as calibrations of multiple-choice banks find them: slopes around 1.2, guessing around 0.15."""
    rng = np.random.default_rng(seed)
    slopes, places = rng.lognormal(0.2, 0.25, 300), rng.normal(0.2, 1.1, 300)
    return ItemParameters.logistic(slopes, places, rng.uniform(0.05, 0.25, 300))


def policy_of(pre: Cut, post: Cut, rule: DecisionRule) -> Policy:
    base = preset("kctcs")
    first, second = base.occasions
    return replace(base, occasions=(replace(first, cut=pre, decision=rule), replace(second, cut=post, decision=rule)))


class Record:
    """Frozen tables of the bank, and decisions from them."""

    def __init__(self, items: ItemParameters) -> None:
        self.table = probabilities(items, NODES)
        self.rows = [[tuple(row) for row in freeze_table(table)] for table in self.table]
        density = np.exp(-(NODES**2) / 2)
        self.weights = tuple(float(w) for w in density / density.sum())
        percents = 100 * self.table[:, 1].mean(axis=0)
        self.curve = DomainCurve(nodes=tuple(map(float, NODES)), percents=tuple(map(float, percents)))

    def decide(self, policy: Policy, occasion: str, sittings: Sittings, person: int) -> Decision:
        length = sittings.length[person]
        given = zip(sittings.items[person, :length], sittings.categories[person, :length])
        found = score_of_record([self.rows[item][category] for item, category in given], self.curve.nodes, self.weights)
        posterior = Posterior(nodes=self.curve.nodes, weights=found.posterior)
        return decide_sitting(policy, occasion, posterior, self.curve, n_items=int(length))


def credited(
    items: ItemParameters, record: Record, policy: Policy, theta: float, seed: int, stopping: StoppingDesign = USUAL
) -> tuple[float, float, float]:
    """Share of N learners of this ability who reach credit, and mean sem and length of the post-tests sat."""
    plan = Bank(items).plan(Design(name="post", stopping=stopping))
    truth = np.full((N, 1), theta)
    first = run_plan(plan, truth, seed)
    passed = np.array([record.decide(policy, "pre_test", first, person).passed for person in range(N)])
    fresh = np.ones((N, len(items)), dtype=bool)
    for person in range(N):
        fresh[person, first.items[person, : first.length[person]]] = False
    second = run_plan(plan, truth, seed, eligible=fresh, attempt=1)
    decisions = [record.decide(policy, "post_test", second, person) for person in np.flatnonzero(passed)]
    earned = sum(decision.passed for decision in decisions) / N
    sem = float(np.mean([decision.sem for decision in decisions])) if decisions else float("nan")
    return earned, sem, float(second.length.mean())


def main() -> None:
    """Print both rates for several policies."""
    items = bank_of(1)
    record = Record(items)
    plain, score = DecisionRule(), DecisionRule(kind="score")
    cases = [
        *((f"theta {cut - 0.5:+.1f} / {cut:+.1f}, default", ThetaCut(value=cut - 0.5), ThetaCut(value=cut), plain)
          for cut in CUTS),
        ("theta +0.0 / +0.5, score", ThetaCut(value=0.0), ThetaCut(value=0.5), score),
        ("60 % / 70 % of the domain, default", PercentCut(value=60), PercentCut(value=70), plain),
        ("80 % / 90 % of the domain, kctcs", PercentCut(value=80), PercentCut(value=90), score),
    ]  # fmt: skip
    print(f"{N} learners half a logit below and above the post-test's cut, 300 items, 20 to 50 a sitting, sem 0.25")
    for name, pre, post, rule in cases:
        policy = policy_of(pre, post, rule)
        cut = resolve_cut(post, record.curve).theta
        below, sem, length = credited(items, record, policy, cut - 0.5, 7)
        above, sem, length = credited(items, record, policy, cut + 0.5, 8)
        stated = chance_of_passing(rule, -0.5, sem), 1 - chance_of_passing(rule, 0.5, sem)
        print(
            f"  {name:36} cut {cut:+.2f}: false credit {100 * below:5.2f} %, false denial {100 * (1 - above):5.2f} % "
            f"(stated for the post-test alone {100 * stated[0]:.2f} and {100 * stated[1]:.2f} %; "
            f"sem {sem:.3f}, {length:.1f} items)"
        )
    fresh_banks(plain, "20 to 50 items", USUAL)
    fresh_banks(plain, "20 to 60 items, sem 0.23", LONGER)


def fresh_banks(rule: DecisionRule, length: str, stopping: StoppingDesign) -> None:
    """Print both rates of the rule on banks and learners that had no part in choosing it."""
    rates = np.empty((len(CUTS), len(FRESH_BANKS), 2))
    for column, seed in enumerate(FRESH_BANKS):
        items = bank_of(seed)
        record = Record(items)
        for row, cut in enumerate(CUTS):
            policy = policy_of(ThetaCut(value=cut - 0.5), ThetaCut(value=cut), rule)
            below, _, _ = credited(items, record, policy, cut - 0.5, 1000 * seed + 7, stopping)
            above, _, _ = credited(items, record, policy, cut + 0.5, 1000 * seed + 8, stopping)
            rates[row, column] = 100 * below, 100 * (1 - above)
    print(f"{len(FRESH_BANKS)} fresh banks, {length}: worst (mean)")
    for cut, (credit, denial) in zip(CUTS, rates.transpose(0, 2, 1)):
        print(
            f"  cut {cut:+.1f}: false credit {credit.max():.2f} % ({credit.mean():.2f} %), "
            f"false denial {denial.max():.2f} % ({denial.mean():.2f} %)"
        )


if __name__ == "__main__":
    main()
