"""Whole adaptive tests item by item against a program of a page: the papers' formulas at the options catR documents.

Probabilities are written out per model, derivatives taken by complex steps (Squire & Trapp 1998, SIAM Review 40),
estimates solved by Brent's method or summed by the trapezoidal rule on 33 nodes of [−4, 4]. Nothing of it is shared
with the package.
"""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from engine.designs import (
    AbilityDesign,
    ConfidenceRule,
    DecisionDesign,
    Design,
    SelectionDesign,
    SprtRule,
    StoppingDesign,
)
from engine.selection.next_item import NextItem, next_step
from engine.selection.plan import Plan, compile_design
from engine.selection.sitting import Sitting
from engine.selection.standing import stand
from engine.selection.tables import build_pool
from psychometrics.models.base import ItemParameters

Floats = NDArray[np.float64]
Curve = Callable[[complex], NDArray[np.complex128]]
NODES = np.linspace(-4.0, 4.0, 33)
GRID = {"lower": -4.0, "upper": 4.0, "n_nodes": 33}


def records(model: str, n_items: int, rng: np.random.Generator) -> list[dict[str, object]]:
    """Items as documents."""
    found: list[dict[str, object]] = []
    for number in range(n_items):
        one: dict[str, object] = {"item_id": f"q{number}", "model": model, "discrimination": rng.uniform(0.5, 2.0)}
        if model in ("2pl", "3pl", "4pl"):
            one["difficulty"] = rng.normal()
            one["guessing"] = rng.uniform(0.05, 0.3) if model != "2pl" else 0.0
            one["upper"] = rng.uniform(0.9, 0.99) if model == "4pl" else 1.0
        else:
            key = "thresholds" if model == "grm" else "steps"
            one[key] = sorted(rng.normal(size=3).tolist()) if model == "grm" else rng.normal(size=3).tolist()
        found.append(one)
    return found


def curve_of(record: dict[str, object]) -> Curve:
    """Category probabilities at a theta that may be complex."""
    a = float(record["discrimination"])  # type: ignore[arg-type]
    if record["model"] == "grm":
        bounds = np.array(record["thresholds"])

        def graded(theta: complex) -> NDArray[np.complex128]:
            above = np.concatenate([[1.0], 1.0 / (1.0 + np.exp(-a * (theta - bounds))), [0.0]])
            return np.asarray(above[:-1] - above[1:])

        return graded
    if record["model"] == "gpcm":
        steps = np.array(record["steps"])

        def partial_credit(theta: complex) -> NDArray[np.complex128]:
            weights = np.exp(np.concatenate([[0.0], np.cumsum(a * (theta - steps))]))
            return np.asarray(weights / weights.sum())

        return partial_credit
    b, c, d = (float(record[key]) for key in ("difficulty", "guessing", "upper"))  # type: ignore[arg-type]

    def logistic(theta: complex) -> NDArray[np.complex128]:
        right = c + (d - c) / (1.0 + np.exp(-a * (theta - b)))
        return np.array([1.0 - right, right], dtype=np.complex128)

    return logistic


def chances(curve: Curve, theta: float) -> Floats:
    return np.real(curve(complex(theta)))


def rise(curve: Curve, theta: float) -> Floats:
    """P' by a complex step, exact to rounding."""
    return np.imag(curve(theta + 1e-20j)) / 1e-20


def bend(curve: Curve, theta: float) -> Floats:
    """P″ by central differences of P'."""
    return (rise(curve, theta + 1e-5) - rise(curve, theta - 1e-5)) / 2e-5


def information(curve: Curve, theta: float) -> float:
    return float((rise(curve, theta) ** 2 / chances(curve, theta)).sum())


def equation(curves: list[Curve], answers: list[int], method: str) -> Callable[[float], float]:
    """What vanishes at the estimate: the score, with the prior's slope (MAP) or Warm's J / (2 I) (WLE)."""

    def value(theta: float) -> float:
        score = sum(
            float(rise(curve, theta)[k] / chances(curve, theta)[k]) for curve, k in zip(curves, answers, strict=True)
        )
        if method == "map":
            return score - theta
        if method == "wle":
            lean = sum(float((rise(c, theta) * bend(c, theta) / chances(c, theta)).sum()) for c in curves)
            return score + lean / (2.0 * sum(information(c, theta) for c in curves))
        return score

    return value


def estimate(curves: list[Curve], answers: list[int], method: str) -> tuple[float, float]:
    """theta and its standard error by the stated conventions."""
    if method == "eap":
        likelihood = [
            np.prod([chances(c, t)[k] for c, k in zip(curves, answers, strict=True)]) * norm.pdf(t) for t in NODES
        ]
        mean = np.trapezoid(NODES * likelihood, NODES) / np.trapezoid(likelihood, NODES)
        variance = np.trapezoid((NODES - mean) ** 2 * likelihood, NODES) / np.trapezoid(likelihood, NODES)
        return float(mean), float(np.sqrt(variance))
    value = equation(curves, answers, method)
    if value(-4.0) < 0 and value(4.0) < 0:
        theta = -4.0
    elif value(-4.0) > 0 and value(4.0) > 0:
        theta = 4.0
    else:
        theta = float(brentq(value, -4.0, 4.0, xtol=1e-12))
    total = sum(information(c, theta) for c in curves) + (1.0 if method == "map" else 0.0)
    return theta, 1.0 / float(np.sqrt(total))


def plan_of(items: list[dict[str, object]], method: str, **options: object) -> Plan:
    ability = AbilityDesign(estimator=method, **GRID)  # type: ignore[arg-type]
    design = Design(
        name="run", ability=ability, selection=SelectionDesign(criterion="MFI"),
        stopping=options.get("stopping", StoppingDesign(max_items=12)),  # type: ignore[arg-type]
        decision=DecisionDesign(cut_theta=options.get("cuts", ())),  # type: ignore[arg-type]
    )  # fmt: skip
    return compile_design(design, build_pool(ItemParameters.from_records(items), ability))


def run(plan: Plan, answer: Callable[[int], int]) -> tuple[Sitting, str]:
    """A sitting to its end."""
    sitting = Sitting("reference")
    while isinstance(step := next_step(plan, sitting), NextItem):
        given = np.append(sitting.items, step.item).astype(np.intp)
        sitting = Sitting("reference", given, np.append(sitting.categories, answer(step.item)).astype(np.intp))
    return sitting, step.reason


def answers_of(items: list[dict[str, object]], rng: np.random.Generator) -> Callable[[int], int]:
    """A fixed answer to every item: right on half of them, lowest and highest categories among them."""
    most = [3 if one["model"] in ("grm", "gpcm") else 1 for one in items]
    fixed = [int(rng.integers(top + 1)) for top in most]
    fixed[:2] = [0, most[1]]
    return lambda item: fixed[item]


@pytest.mark.parametrize("method", ["eap", "map", "mle", "wle"])
@pytest.mark.parametrize("model", ["2pl", "3pl", "4pl", "grm", "gpcm"])
def test_item_by_item_by_maximum_information(model: str, method: str) -> None:
    rng = np.random.default_rng([len(model), len(method), 9])
    items = records(model, 30, rng)
    curves, answer = [curve_of(one) for one in items], answers_of(items, rng)
    plan = plan_of(items, method)
    sitting, reason = run(plan, answer)
    theta, taken, got = 0.0, list[int](), list[int]()
    for place, chosen in enumerate(sitting.items.tolist()):
        worth = [-np.inf if n in taken else information(curves[n], theta) for n in range(30)]
        assert worth[chosen] == pytest.approx(max(worth), rel=1e-9), f"item {place + 1}"
        assert chosen == int(np.argmax(worth))
        taken.append(chosen)
        got.append(answer(chosen))
        theta, sem = estimate([curves[n] for n in taken], got, method)
        ours = stand(plan, Sitting("reference", np.array(taken), np.array(got)))
        assert ours.theta[0, 0] == pytest.approx(theta, abs=2e-6)
        assert ours.sem[0, 0] == pytest.approx(sem, rel=1e-5)
    assert reason == "max_items"
    assert len(taken) == 12


@pytest.mark.parametrize("seed", range(6))
def test_confidence_intervals_and_likelihood_ratios_decide_at_the_same_item(seed: int) -> None:
    rng = np.random.default_rng([seed, 5])
    items = records("3pl", 40, rng)
    curves, answer = [curve_of(one) for one in items], answers_of(items, rng)
    cut, alpha, delta = 0.3, 0.2, 0.5
    for rule in (ConfidenceRule(alpha=alpha), SprtRule(alpha=alpha, beta=alpha, delta=delta)):
        stopping = StoppingDesign(min_items=1, max_items=40, rule=rule)
        sitting, reason = run(plan_of(items, "eap", stopping=stopping, cuts=(cut,)), answer)
        taken, got = sitting.items.tolist(), sitting.categories.tolist()
        ended = [decided(rule, [curves[n] for n in taken[:k]], got[:k], cut) for k in range(1, len(taken) + 1)]
        assert not any(ended[:-1])
        assert ended[-1] == (reason != "max_items")


def decided(rule: ConfidenceRule | SprtRule, curves: list[Curve], answers: list[int], cut: float) -> bool:
    """Whether the interval excludes the cut, or Wald's bounds are reached (Wald 1947)."""
    if isinstance(rule, ConfidenceRule):
        theta, sem = estimate(curves, answers, "eap")
        reach = float(norm.ppf(1.0 - rule.alpha / 2.0)) * sem
        return theta - reach >= cut or theta + reach <= cut
    ratio = sum(
        float(np.log(chances(c, cut + rule.delta)[k] / chances(c, cut - rule.delta)[k]))
        for c, k in zip(curves, answers, strict=True)
    )
    high, low = np.log((1.0 - rule.beta) / rule.alpha), np.log(rule.beta / (1.0 - rule.alpha))
    return bool(ratio >= high or ratio <= low)
