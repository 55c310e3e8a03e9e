"""Answer similarity: exact tails, plain loops over pairs, the level over all pairs, and a planted copy."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from psychometrics import similarity
from psychometrics.similarity import agreement, option_likeness, upper_tail

Chances = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=9)


def by_enumeration(chance, least):
    """P(at least so many) over every pattern of successes."""
    total = 0.0
    for pattern in itertools.product((0, 1), repeat=len(chance)):
        if sum(pattern) >= least:
            total += np.prod([p if hit else 1 - p for hit, p in zip(pattern, chance)])
    return total


@given(Chances, st.integers(0, 10))
def test_the_tail_is_that_of_every_pattern(chance, least):
    found = upper_tail(np.array([chance]), [min(least, len(chance))])[0]
    assert found == pytest.approx(by_enumeration(chance, min(least, len(chance))), abs=1e-12)


def test_equal_chances_are_the_binomial_to_the_smallest_tail():
    found = upper_tail(np.full((1, 60), 0.3), [58])[0]
    assert found == pytest.approx(stats.binom.sf(57, 60, 0.3), rel=1e-10)
    assert found < 1e-25


def test_likeness_is_the_sum_of_squared_shares():
    item, category = np.zeros(10, dtype=int), np.array([1] * 4 + [0] * 6)
    option = np.array([9] * 4 + [3, 3, 3, 4, 4, 5])
    found = option_likeness(item, category, option, 2, 2, fewest=4)
    assert found.alike[0].tolist() == pytest.approx([(9 + 4 + 1) / 36, 1.0])
    assert found.alike[1].tolist() == [1.0, 1.0]
    assert len(set(found.label.tolist())) == 4
    merged = option_likeness(item, category, option, 2, 2, fewest=7)
    assert merged.alike.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert len(set(merged.label.tolist())) == 2


def world(rng, n_persons=40, n_items=24, n_given=18):
    """Answers with the model's own probabilities: person, item, category, option, probabilities, right."""
    theta, difficulty = rng.normal(size=n_persons), rng.normal(size=n_items)
    person = np.repeat(np.arange(n_persons), n_given)
    item = np.concatenate([rng.choice(n_items, n_given, replace=False) for _ in range(n_persons)])
    chance = 1 / (1 + np.exp(-1.3 * (theta[person] - difficulty[item])))
    category = (rng.random(person.size) < chance).astype(int)
    popular = rng.dirichlet([2.0, 2.0, 2.0], n_items)
    wrong = 1 + (rng.random(person.size)[:, None] > np.cumsum(popular[item], axis=1)[:, :2]).sum(axis=1)
    return person, item, category, np.where(category == 1, 0, wrong), np.stack([1 - chance, chance], axis=1)


def test_pairs_equal_a_plain_loop(monkeypatch):
    monkeypatch.setattr(similarity, "SCREEN", -np.inf)
    rng = np.random.default_rng(1)
    person, item, category, option, table = world(rng)
    likeness = option_likeness(item, category, option, 24, 2, fewest=10)
    found = agreement(person, item, category, likeness, table, np.ones(24), group=np.arange(40) // 2, fewest_common=12)
    expected = {}
    for a, b in itertools.combinations(range(40), 2):
        mine = {int(item[k]): k for k in np.flatnonzero(person == a)}
        theirs = {int(item[k]): k for k in np.flatnonzero(person == b)}
        common = sorted(mine.keys() & theirs.keys())
        if len(common) < 12 or a // 2 == b // 2:
            continue
        chance = [sum(table[mine[i], c] * table[theirs[i], c] * likeness.alike[i, c] for c in (0, 1)) for i in common]
        same = [i for i in common if likeness.label[mine[i]] == likeness.label[theirs[i]]]
        wrong = sum(category[mine[i]] == 0 for i in same)
        expected[a, b] = (len(common), len(same), wrong, sum(chance), upper_tail(np.array([chance]), [len(same)])[0])
    pairs = list(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert found.n_compared == len(pairs) == len(expected) > 100
    for place, pair in enumerate(pairs):
        told = (found.n_common, found.n_equal, found.n_equal_wrong, found.expected, found.p)
        assert [float(part[place]) for part in told] == pytest.approx([float(part) for part in expected[pair]])


def test_the_level_over_honest_pairs_and_a_planted_copy():
    """Some 19,000 pairs: the share below 0.001 stays at its level, plus four standard errors of independent pairs."""
    rng = np.random.default_rng(2)
    person, item, category, option, table = world(rng, 200, 24, 20)
    option, category = option.copy(), category.copy()
    source = {int(item[k]): k for k in np.flatnonzero(person == 7)}
    for k in np.flatnonzero(person == 150):
        if int(item[k]) in source:
            option[k], category[k] = option[source[int(item[k])]], category[source[int(item[k])]]
    likeness = option_likeness(item, category, option, 24, 2)
    found = agreement(person, item, category, likeness, table, np.ones(24), group=np.arange(200), fewest_common=10)
    best = int(np.argmin(found.p))
    assert (found.first[best], found.second[best]) == (7, 150)
    assert found.p[best] * found.n_compared < 0.05
    honest = np.delete(found.p, best)
    assert (honest < 0.001).sum() < 0.001 * found.n_compared + 4 * np.sqrt(0.001 * found.n_compared)


def test_one_letter_sheets_may_agree_by_habit(monkeypatch):
    """Two who give B whenever wrong agree where both are wrong, and no less often than they give equal letters."""
    monkeypatch.setattr(similarity, "SCREEN", -1e9)
    person, item = np.repeat([0, 1], 12), np.tile(np.arange(12), 2)
    category = np.tile([1, 0, 0], 8)
    letter = np.where(category == 1, np.tile(np.arange(12), 2) + 10, 7)
    likeness = option_likeness(item, category, np.zeros(24, dtype=int), 12, 2, fewest=1)
    likeness.alike[:] = 0.3
    table = np.tile([0.8, 0.2], (24, 1))
    given = (person, item, category, likeness, table, np.ones(12))
    blind, seeing = agreement(*given, group=[0, 1]), agreement(*given, group=[0, 1], letter=letter)
    assert blind.expected[0] == pytest.approx(12 * 0.3 * (0.64 + 0.04))
    assert seeing.expected[0] == pytest.approx(12 * (0.64 + 0.3 * 0.04))
    straight = agreement(*given, group=[0, 1], letter=np.full(24, 7))
    assert (straight.n_compared, len(straight.p)) == (1, 0)
    half = np.tile([1, 2], 12)
    mixed = agreement(*given, group=[0, 1], letter=half)
    assert mixed.expected[0] == pytest.approx(12 * 0.5)


def test_nobody_answers_an_item_twice_and_few_are_no_pairs():
    likeness = option_likeness([0, 0], [1, 1], [0, 0], 1, 2)
    with pytest.raises(ValueError, match="answered an item twice"):
        agreement([0, 0], [0, 0], [1, 1], likeness, np.ones((2, 2)), [1], group=[0], fewest_common=1)
    none = agreement([0, 1], [0, 0], [1, 1], likeness, np.full((2, 2), 0.5), [1], group=[0, 1])
    assert (none.n_compared, len(none.p)) == (0, 0)
    with pytest.raises(ValueError, match="same length"):
        option_likeness([0], [1, 1], [0, 0], 1, 2)
