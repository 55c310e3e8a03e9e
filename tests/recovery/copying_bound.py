"""How much copying can be found at all among many pairs: indices side by side at the level that a whole cohort demands.

Pairs on a fixed form of 40 questions with four choices. A copier takes a share of the source's answers. Each index is
judged at 0.05 over the 44,850 pairs of 300 persons. The count of equal answers is judged without regard to what the
source answered (van der Linden & Sotaridona 2006) and given it (Wollack 1997, with exact tails); the likelihood ratio
knows abilities and share, and no test beats it (Neyman & Pearson 1933).

Run: python -m tests.recovery.copying_bound
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
N_ITEMS, N_PAIRS, LEVEL = 40, 400, 0.05 / 44_850
NODES = np.linspace(-4, 4, 81)
PRIOR = np.exp(-(NODES**2) / 2)
DRAWS = 4_000


def right_by(theta: Floats, slope: Floats, difficulty: Floats) -> Floats:
    """Chance of a right answer, persons × items."""
    return np.asarray(1 / (1 + np.exp(-slope * (theta[:, None] - difficulty))))


def expected_ability(right: NDArray[np.bool_], slope: Floats, difficulty: Floats) -> float:
    """EAP under N(0, 1)."""
    chance = right_by(NODES, slope, difficulty)
    logs = np.where(right, np.log(chance), np.log1p(-chance)).sum(axis=1)
    weights = PRIOR * np.exp(logs - logs.max())
    return float(weights @ NODES / weights.sum())


def tail(chances: Floats, count: int) -> float:
    """Chance of so many equal answers or more: the generalised binomial, exactly."""
    mass = np.ones(1)
    for chance in chances:
        mass = np.convolve(mass, [1 - chance, chance])
    return float(mass[count:].sum())


def most_powerful(given: Floats, equal: NDArray[np.bool_], share: float, rng: np.random.Generator) -> float:
    """p of the likelihood ratio, by draws from the alternative, each weighted back."""
    copied = share + (1 - share) * given
    same, other = np.log(copied / given), np.full(len(given), np.log(1 - share))
    drawn = np.where(rng.random((DRAWS, len(given))) < copied, same, other).sum(axis=1)
    seen = np.where(equal, same, other).sum()
    return float(np.mean(np.exp(-drawn) * (drawn >= seen - 1e-9)))


def pair(share: float, rng: np.random.Generator) -> list[bool]:
    """One source and one copier: what is found without the source's answers, given them, and at best."""
    slope, difficulty, theta = rng.lognormal(0.2, 0.3, N_ITEMS), rng.normal(size=N_ITEMS), rng.normal(size=2)
    true = right_by(theta, slope, difficulty)
    answers = np.where(rng.random((2, N_ITEMS)) < true, 0, rng.integers(1, 4, (2, N_ITEMS)))
    answers[1] = np.where(rng.permutation(N_ITEMS) < round(share * N_ITEMS), answers[0], answers[1])
    right, equal = answers == 0, answers[0] == answers[1]
    guessed = right_by(np.array([expected_ability(one, slope, difficulty) for one in right]), slope, difficulty)
    without = guessed[0] * guessed[1] + (1 - guessed[0]) * (1 - guessed[1]) / 3
    given, known = (np.where(right[0], chance[1], (1 - chance[1]) / 3) for chance in (guessed, true))
    count = int(equal.sum())
    found = (tail(without, count), tail(given, count), most_powerful(known, equal, share, rng))
    return [p <= LEVEL for p in found]


def main() -> None:
    rng = np.random.default_rng(20261122)
    for share in (0.4, 0.6, 0.8):
        found = np.mean([pair(share, rng) for _ in range(N_PAIRS)], axis=0)
        print(
            f"{share:.0%} of {N_ITEMS} answers copied: count of equal answers {found[0]:.2f}, given the source's "
            f"answers {found[1]:.2f}, most powerful test {found[2]:.2f}"
        )


if __name__ == "__main__":
    main()
