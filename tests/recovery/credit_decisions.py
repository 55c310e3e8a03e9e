"""False credit and false denial of whole journeys: pre-test, post-test on other items, decision of record, policy.

Two cohorts of 5,000 whose true ability lies half a logit below and half a logit above the post-test's cut, on banks of
300 items; the test that is simulated is the live one under the standard design, and the product decides by its own
function from the exact score of record. Lengths and rule were chosen on banks 21 to 36; FRESH_BANKS are others, with
other learners.

Run: python -m tests.recovery.credit_decisions
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from engine.decisions import DomainCurve, Posterior, decide_sitting, percent_at, resolve_cut
from engine.designs import DecisionDesign, Design, StoppingDesign
from engine.occasion_design import design_for
from engine.policies import Cut, DecisionRule, Occasion, PercentCut, Policy, ThetaCut, preset
from engine.simulation.cohort import Sittings
from engine.simulation.run import run_plan
from engine.simulation.simulate import Bank
from psychometrics.ability.posterior import probability_above
from psychometrics.ability.record import freeze_table, score_of_record
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import log_probabilities, probabilities

NODES = np.linspace(-6.0, 6.0, 121)
N, N_ITEMS = 5_000, 300
FRESH_BANKS = tuple(range(101, 111))
CUTS = (-1.0, 0.0, 1.0)
SCORE = DecisionRule(kind="score")


def bank_of(seed: int) -> ItemParameters:
    """300 items as calibrations of multiple-choice banks find them: slopes around 1.2, guessing around 0.15."""
    rng = np.random.default_rng(seed)
    slopes, places = rng.lognormal(0.2, 0.25, N_ITEMS), rng.normal(0.2, 1.1, N_ITEMS)
    return ItemParameters.logistic(slopes, places, rng.uniform(0.05, 0.25, N_ITEMS))


def policy_of(pre: Cut, post: Cut, rule: DecisionRule) -> Policy:
    """The pre-test opens the post-test at its cut; the post-test decides about credit by the rule."""
    base = preset("kctcs")
    first, second = base.occasions
    return replace(base, occasions=(replace(first, cut=pre, decision=SCORE), replace(second, cut=post, decision=rule)))


class Record:
    """Frozen tables of the bank, and decisions from them."""

    def __init__(self, items: ItemParameters) -> None:
        table = probabilities(items, NODES)
        self.log_table = log_probabilities(items, NODES)
        self.bank = Bank(items)
        self.rows = [[tuple(row) for row in freeze_table(one)] for one in table]
        density = np.exp(-(NODES**2) / 2)
        self.weights = tuple(float(w) for w in density / density.sum())
        percents = 100 * table[:, 1].mean(axis=0)
        self.curve = DomainCurve(nodes=tuple(map(float, NODES)), percents=tuple(map(float, percents)))

    def passed(self, policy: Policy, occasion: str, sittings: Sittings, persons: np.ndarray) -> np.ndarray:
        """Whether each of these persons passes: the decision of record for all whom another last bit could turn over
        and for a hundred more, which must be the same; the same formula on whole arrays for the others.
        """
        rule, margin = self._margins(policy, occasion, sittings, persons)
        passed = margin >= 0
        near = np.flatnonzero(np.abs(margin) < 1e-6)
        for place in {*near.tolist(), *range(min(100, len(persons)))}:
            exact = self._passed(policy, occasion, sittings, persons[place])
            assert place in near or exact == passed[place], (rule, margin[place])
            passed[place] = exact
        return passed

    def _margins(self, policy: Policy, occasion: str, sittings: Sittings, persons: np.ndarray):
        """How far each is beyond what the rule asks: in probability, in percent or in theta."""
        asked = next(one for one in policy.occasions if one.key == occasion)
        cut = resolve_cut(asked.cut, self.curve)
        logs = np.zeros((len(persons), len(NODES)))
        for position in range(sittings.items.shape[1]):
            going = np.flatnonzero(sittings.length[persons] > position)
            items, given = sittings.items[persons[going], position], sittings.categories[persons[going], position]
            logs[going] += self.log_table[items, given]
        weights = np.exp(logs - logs.max(axis=1, keepdims=True)) * np.array(self.weights)
        weights /= weights.sum(axis=1, keepdims=True)
        if asked.decision.kind == "probability":
            where = np.full((len(persons), 1), cut.theta)
            return asked.decision, probability_above(weights[:, None], NODES, where)[:, 0] - asked.decision.at_least
        if isinstance(asked.cut, PercentCut):
            return asked.decision, weights @ np.array(self.curve.percents) - cut.percent
        return asked.decision, weights @ NODES - cut.theta

    def _passed(self, policy: Policy, occasion: str, sittings: Sittings, person: int) -> bool:
        length = sittings.length[person]
        given = zip(sittings.items[person, :length], sittings.categories[person, :length])
        found = score_of_record([self.rows[item][category] for item, category in given], self.curve.nodes, self.weights)
        posterior = Posterior(nodes=self.curve.nodes, weights=found.posterior)
        return decide_sitting(policy, occasion, posterior, self.curve, n_items=int(length)).passed

    def sit(self, policy: Policy, occasion: Occasion, theta: float, seed: int, **given: object) -> Sittings:
        """N sittings of the occasion at this ability, under the occasion's own or the standard design."""
        decides = occasion.key in policy.credit.needs
        cut = resolve_cut(occasion.cut, self.curve).theta
        design = replace(design_for(occasion, N_ITEMS, decides=decides), decision=DecisionDesign(cut_theta=(cut,)))
        return run_plan(self.bank.plan(design), np.full((N, 1), theta), seed, **given)


@dataclass(frozen=True)
class Walk:
    """Shares of N learners of one ability: who passes a first sitting of the post-test, who reaches credit by both."""

    alone: float
    both: float
    n_first: float
    n_second: float


def walk(record: Record, policy: Policy, theta: float, seed: int) -> Walk:
    """N learners sit the pre-test, and those who pass the post-test on other items; N others the post-test at once."""
    pre, post = policy.occasions
    alone = record.sit(policy, post, theta, seed + 5)
    first = record.sit(policy, pre, theta, seed)
    passed = np.flatnonzero(record.passed(policy, pre.key, first, np.arange(N)))
    fresh = np.ones((N, N_ITEMS + 1), dtype=bool)
    np.put_along_axis(fresh, np.where(first.items < 0, N_ITEMS, first.items), False, axis=1)
    second = record.sit(policy, post, theta, seed, eligible=fresh[:, :N_ITEMS], attempt=1)
    return Walk(
        alone=float(record.passed(policy, post.key, alone, np.arange(N)).mean()),
        both=float(record.passed(policy, post.key, second, passed).sum() / N),
        n_first=float(first.length.mean()), n_second=float(second.length.mean()),
    )  # fmt: skip


def fresh_banks(name: str, gap: float, rule: DecisionRule) -> None:
    """Print both rates, worst and mean over the banks; the pre-test's cut lies `gap` below the post-test's."""
    print(f"{len(FRESH_BANKS)} fresh banks, {name}: worst (mean) of both tests; of a post-test alone")
    for cut in CUTS:
        policy = policy_of(ThetaCut(value=cut - gap), ThetaCut(value=cut), rule)
        found = []
        for seed in FRESH_BANKS:
            record = Record(bank_of(seed))
            below, above = (walk(record, policy, cut + away, 1000 * seed + 7 + (away > 0)) for away in (-0.5, 0.5))
            found.append((below.both, 1 - above.both, below.alone, 1 - above.alone, above.n_first, above.n_second))
        worst, mean = 100 * np.max(found, axis=0), 100 * np.mean(found, axis=0)
        print(
            f"  cut {cut:+.1f}: false credit {worst[0]:.2f} % ({mean[0]:.2f} %), false denial {worst[1]:.2f} % "
            f"({mean[1]:.2f} %); alone {worst[2]:.2f} % ({mean[2]:.2f} %) and {worst[3]:.2f} % ({mean[3]:.2f} %); "
            f"{mean[4] / 100:.0f} + {mean[5] / 100:.0f} items half a logit above",
            flush=True,
        )


def lengths() -> None:
    """Print how long the standard post-test is for a whole population."""
    record = Record(bank_of(FRESH_BANKS[0]))
    theta = np.random.default_rng(3).standard_normal((N, 1))
    for cut in CUTS:
        occasion = Occasion(key="post_test", cut=ThetaCut(value=cut))
        design = replace(design_for(occasion, N_ITEMS), decision=DecisionDesign(cut_theta=(cut,)))
        length = run_plan(record.bank.plan(design), theta, 5).length
        low, middle, high = np.quantile(length, (0.1, 0.5, 0.9))
        print(f"  cut {cut:+.1f}: mean {length.mean():.1f} items; 10, 50, 90 %: {low:.0f}, {middle:.0f}, {high:.0f}")


def by_percent() -> None:
    """Print what the published rule "90 % on the post-test" does where the cut lies far out, and what would help."""
    record = Record(bank_of(1))
    theta = resolve_cut(PercentCut(value=90), record.curve).theta
    print(f"80 % / 90 % of the domain, kctcs: the cut lies at theta {theta:.2f}")
    for away in (0.5, 0.0, -0.5):
        print(f"  theta {theta + away:+.2f} is {percent_at(record.curve, theta + away):.1f} % of the domain")
    for most in (40, 80, 160):
        stopping = StoppingDesign(min_items=20, max_items=most)
        policy = policy_of(PercentCut(value=80), PercentCut(value=90), SCORE)
        pre, post = policy.occasions
        policy = replace(policy, occasions=(pre, replace(post, design=Design(name="post", stopping=stopping))))
        below, above = (walk(record, policy, theta + away, 70 + (away > 0)) for away in (-0.5, 0.5))
        print(
            f"  {most} items: false credit {100 * below.both:.2f} %, false denial {100 * (1 - above.both):.2f} %; "
            f"post-test alone {100 * below.alone:.2f} % and {100 * (1 - above.alone):.2f} %",
            flush=True,
        )


def main() -> None:
    """Print everything."""
    print(f"{N} learners half a logit below and {N} above the post-test's cut, {N_ITEMS} items, standard design")
    fresh_banks("pre-test half a logit lower, default rule", 0.5, DecisionRule())
    fresh_banks("both at the same cut, default rule", 0.0, DecisionRule())
    print("Length of the standard post-test in a population N(0, 1)")
    lengths()
    by_percent()


if __name__ == "__main__":
    main()
