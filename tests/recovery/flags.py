"""False alarms and power of every flag, over simulated sittings of an adaptive test with five correlated competencies.

Each line says what was planted, and how often it was found; honest worlds say how often something was found all the
same.

Run: python -m tests.recovery.flags [--small]
"""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from engine.flags import Criteria, look
from engine.flags.sittings import person_misfit
from psychometrics.fit import lz_star, profile_lz_star
from tests.engine.flags.world import START, Bank, Known, Sat, copy, evidence_of, hurry, make_bank, sit

CRITERIA = Criteria()
ANSWERS = 24


def found_in(bank: Bank, sat: Sat, kind: str) -> set[int]:
    """Sittings that are flagged of that kind."""
    flags = look(evidence_of(bank, sat), {}, CRITERIA).flags
    return {place for flag in flags if flag.kind == kind for place in (flag.sitting, flag.other) if place is not None}


def honest(rng: np.random.Generator, worlds: int, n_persons: int) -> None:
    """Worlds without anybody to find: flags of every kind, and worlds in which there was one at all."""
    flags, judged, touched = Counter[str](), Counter[str](), Counter[str]()
    for _ in range(worlds):
        bank = make_bank(rng, 200)
        looked = look(evidence_of(bank, sit(bank, rng, n_persons, ANSWERS)), {}, CRITERIA)
        for one in looked.judged:
            flags[one.kind] += one.n_flagged
            judged[one.kind] += one.n_judged
            touched[one.kind] += one.n_flagged > 0
    print(f"honest: {worlds} worlds of {n_persons} sittings, {ANSWERS} answers each, adaptive, 200 items")
    for kind, n in judged.items():
        print(f"  {kind:18} {flags[kind]:4} flags of {n:8} judged; in {touched[kind]} of {worlds} worlds")


def person_levels(rng: np.random.Generator, n_persons: int) -> None:
    """Share of honest sittings with p below a level, one ability for all answers against one for each competency."""
    for adaptive in (True, False):
        bank = make_bank(rng, 200)
        sat = sit(bank, rng, n_persons, ANSWERS, adaptive=adaptive)
        matrix = np.full((n_persons, 200), -1, dtype=np.int8)
        np.put_along_axis(matrix, sat.item, sat.right.astype(np.int8), axis=1)
        profile = profile_lz_star(bank.parameters, matrix, bank.dimension, bank.correlations).p
        single = lz_star(bank.parameters, matrix).p
        print(f"person fit, {'adaptive' if adaptive else 'random items'}, {n_persons} honest sittings of {ANSWERS}:")
        print(f"  profile {levels(profile)}   one ability {levels(single)}")


def levels(p: NDArray[np.float64]) -> str:
    return ", ".join(f"{(p < level).mean():.4f} below {level}" for level in (0.05, 0.01, 0.001))


def rapid(rng: np.random.Generator, worlds: int) -> None:
    """Ten of 300 click through the last part of the test."""
    for share in (0.125, 0.25, 0.5):
        hit = false = 0
        for _ in range(worlds):
            bank = make_bank(rng, 200)
            sat = hurry(sit(bank, rng, 300, ANSWERS), rng, np.arange(0, 300, 30), share)
            found = found_in(bank, sat, "rapid_guessing")
            hit, false = hit + len(found & set(sat.planted.tolist())), false + len(found - set(sat.planted.tolist()))
        print(
            f"clicking through the last {share:.0%}: found {hit / (10 * worlds):.2f}, false {false} of {290 * worlds}"
        )


def copying(rng: np.random.Generator, worlds: int) -> None:
    """Five of 300 take answers from a neighbour on the same 40 items in a fixed form."""
    for share in (0.4, 0.6, 0.8):
        hit = false = 0
        for _ in range(worlds):
            bank = make_bank(rng, 40)
            copiers = np.arange(5) * 2
            sat = copy(sit(bank, rng, 300, 40, adaptive=False), rng, copiers, copiers + 1, share)
            pairs = pairs_in(bank, sat)
            planted = {(int(one), int(one) + 1) for one in copiers}
            hit, false = hit + len(pairs & planted), false + len(pairs - planted)
        print(
            f"copying {share:.0%} of 40 answers: found {hit / (5 * worlds):.2f}, false pairs {false} in {worlds} worlds"
        )


def pairs_in(bank: Bank, sat: Sat) -> set[tuple[int, int]]:
    flags = look(evidence_of(bank, sat), {}, CRITERIA).flags
    return {(flag.sitting or 0, flag.other or 0) for flag in flags if flag.kind == "answer_similarity"}


def leaking(rng: np.random.Generator, worlds: int) -> None:
    """From the 300th of 600 sittings on, part of the learners know the 20 most used items."""
    for reach in (0.2, 0.4, 0.8):
        hit = known = false = told = 0
        delays: list[int] = []
        for _ in range(worlds):
            bank = make_bank(rng, 120)
            usage = np.bincount(sit(bank, rng, 300, ANSWERS).item.ravel(), minlength=120)
            leaked = np.argsort(-usage)[:20]
            cheats = (np.arange(600) >= 300) & (rng.random(600) < reach)
            sat = sit(bank, rng, 600, ANSWERS, known=knowing_all(cheats, np.isin(np.arange(120), leaked)))
            evidence = evidence_of(bank, sat)
            flags = [flag for flag in look(evidence, {}, CRITERIA).flags if flag.kind == "leak_alarm"]
            named = {flag.item for flag in flags}
            hit, known = hit + len(named & set(leaked.tolist())), known + len(leaked)
            false, told = false + len(named - set(leaked.tolist())), told + 100
            delays += [_delay(flag.evidence) for flag in flags if flag.item in leaked]
        delay = f"{np.median(delays):.0f} answers to the item after the leak" if delays else "none"
        print(
            f"{reach:.0%} of learners know 20 of 120 items: alarm at {hit / known:.2f} of them, median {delay}; "
            f"at {false / told:.3f} of the others"
        )


def knowing_all(cheats: NDArray[np.bool_], leaked: NDArray[np.bool_]) -> Known:
    """Those who cheat know every item that leaked."""
    return lambda who, item: (cheats[who] & leaked[item]).astype(np.float64)


def _delay(drawn: dict[str, list[float]]) -> int:
    """Answers between the first after the leak and the alarm, as far as the kept path tells."""
    middle = START + 30 * 86_400
    after = [place for place, at in zip(drawn["answer"], drawn["at"], strict=True) if at >= middle]
    over = [place for place, value in zip(drawn["answer"], drawn["cusum"], strict=True) if value > CRITERIA.leak_limit]
    return int(over[0] - after[0]) if after and over else 0


def knowing(rng: np.random.Generator, worlds: int) -> None:
    """Fifteen of 300 know part of the bank beforehand and answer it fast."""
    for share in (0.3, 0.6):
        hits = Counter[str]()
        for _ in range(worlds):
            bank = make_bank(rng, 120)
            leaked = rng.random(120) < share
            cheats = np.arange(300) % 20 == 0
            sat = sit(bank, rng, 300, ANSWERS, known=knowing_all(cheats, leaked))
            for kind in ("person_misfit", "time_aberrance"):
                hits[kind] += len(found_in(bank, sat, kind) & set(np.flatnonzero(cheats).tolist()))
        told = ", ".join(f"{kind} {hits[kind] / (15 * worlds):.2f}" for kind in ("person_misfit", "time_aberrance"))
        print(f"knowing {share:.0%} of the bank: {told}")


def guessing_easy(rng: np.random.Generator, worlds: int) -> None:
    """Ten of 300 answer at random, at their usual pace, in a form of 30 items."""
    hit = 0
    for _ in range(worlds):
        bank = make_bank(rng, 30)
        sat = sit(bank, rng, 300, 30, adaptive=False)
        sat.right[::30] = rng.random((10, 30)) < 0.25
        found = {flag.sitting for flag in person_misfit(evidence_of(bank, sat), CRITERIA)[0]}
        hit += len(found & set(range(0, 300, 30)))
    print(f"answering 30 items at random: person misfit found {hit / (10 * worlds):.2f}")


def run_length(rng: np.random.Generator, runs: int, longest: int) -> None:
    """Mean answers to a false alarm where the ability is known, one item, answers of N(0, 1) learners."""
    for difficulty in (-1.0, 0.0, 1.0):
        value, length = np.zeros(runs), np.full(runs, longest, dtype=float)
        for turn in range(longest):
            logit = 1.2 * (rng.normal(size=runs) - difficulty)
            before, after = 1 / (1 + np.exp(-logit)), 1 / (1 + np.exp(-logit - 1.2 * CRITERIA.leak_shift))
            right = rng.random(runs) < before
            value = np.maximum(0, value + np.log(np.where(right, after / before, (1 - after) / (1 - before))))
            out = (value > CRITERIA.leak_limit) & (length == longest)
            length[out] = turn + 1
        alarmed = (length < longest).sum()
        mean = length.sum() / max(alarmed, 1)
        seen = f"{alarmed} in {length.sum():,.0f}"
        print(f"false leak alarms, difficulty {difficulty:+.0f}: one in {mean:,.0f} answers ({seen})")


def main(*, small: bool = False) -> None:
    rng = np.random.default_rng(20261122)
    worlds = 1 if small else 8
    honest(rng, 2 if small else 40, 150 if small else 300)
    person_levels(rng, 500 if small else 10_000)
    rapid(rng, worlds)
    copying(rng, worlds)
    guessing_easy(rng, worlds)
    knowing(rng, worlds)
    leaking(rng, 1 if small else 5)
    run_length(rng, 40 if small else 400, 500 if small else 20_000)


if __name__ == "__main__":
    main(small="--small" in sys.argv[1:])
