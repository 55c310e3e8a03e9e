"""The simulated field test: its design, its model, its seed."""

import csv
from itertools import combinations

import numpy as np
import pytest

from sample.bank import load_bank
from sample.field_test import (
    BLOCK_OFFSETS,
    COMPETENCIES,
    CORRELATIONS,
    LEVEL_DIFFICULTY,
    MISSING,
    deal_blocks,
    shown,
    simulate_field_test,
    write_csv,
)

BANK = load_bank()


@pytest.fixture(scope="module")
def field_test():
    return simulate_field_test(BANK, 3000, seed=20)


def test_each_person_sees_about_sixty_items_of_all_cells_alike(field_test):
    seen = (field_test.responses != MISSING).sum(axis=1)
    assert seen.min() >= 55
    assert seen.max() <= 66
    for competency in COMPETENCIES:
        for level in LEVEL_DIFFICULTY:
            own = [i for i, item in enumerate(BANK) if (item["competency"], item["level"]) == (competency, level)]
            count = (field_test.responses[:, own] != MISSING).sum(axis=1)
            assert count.min() >= 2
            assert count.max() <= 6


def test_items_are_shown_equally_often(field_test):
    shown_to = (field_test.responses != MISSING).sum(axis=0)
    assert shown_to.max() - shown_to.min() <= 3


def test_forms_are_linked_by_shared_items():
    blocks = deal_blocks(BANK)
    n_forms = int(blocks.max()) + 1
    held = [{(form + offset) % n_forms for offset in BLOCK_OFFSETS} for form in range(n_forms)]
    reached, frontier = {0}, {0}
    while frontier:
        frontier = {j for i in frontier for j in range(n_forms) if held[i] & held[j]} - reached
        reached |= frontier
    assert reached == set(range(n_forms))
    together = {pair for form in held for pair in combinations(sorted(form), 2)}
    assert all(sum(block in pair for pair in together) == 6 for block in range(n_forms))


def test_shown_holds_three_blocks_of_each_form():
    blocks = np.array([0, 1, 2, 3, 4, 5, 6])
    naive = [[blocks[i] in {(form + k) % 7 for k in BLOCK_OFFSETS} for i in range(7)] for form in range(7)]
    assert shown(np.arange(7), blocks).tolist() == naive


def test_answers_follow_the_stated_model(field_test):
    """Under the true model the standardised residual of each item has mean 0 and sd 1."""
    z = []
    for j, item in enumerate(BANK):
        given = field_test.responses[:, j] != MISSING
        theta = field_test.theta[given, COMPETENCIES.index(item["competency"])]
        p = 1 / (1 + np.exp(-field_test.discrimination[j] * (theta - field_test.difficulty[j])))
        z.append((field_test.responses[given, j].sum() - p.sum()) / np.sqrt((p * (1 - p)).sum()))
    assert abs(np.mean(z)) < 4 / np.sqrt(len(z))
    assert 0.85 < np.std(z) < 1.15


def test_parameters_and_abilities_are_as_stated(field_test):
    for level, usual in LEVEL_DIFFICULTY.items():
        own = [i for i, item in enumerate(BANK) if item["level"] == level]
        assert field_test.difficulty[own].mean() == pytest.approx(usual, abs=4 * 0.5 / np.sqrt(len(own)))
        assert field_test.difficulty[own].std() == pytest.approx(0.5, abs=0.15)
    assert field_test.discrimination.mean() == pytest.approx(1.1, abs=0.07)
    assert field_test.discrimination.min() > 0.4
    assert np.corrcoef(field_test.theta.T) == pytest.approx(CORRELATIONS, abs=0.06)
    assert np.linalg.eigvalsh(CORRELATIONS).min() > 0.1


def test_the_seed_decides_everything():
    one, same, other = (simulate_field_test(BANK, 60, seed=seed) for seed in (5, 5, 6))
    assert (one.responses == same.responses).all()
    assert (one.responses != other.responses).any()
    assert one.origin == "simulated field test, seed 5; no real persons"


def test_the_file_says_in_every_row_that_it_is_simulated(tmp_path):
    small = simulate_field_test(BANK, 40, seed=1)
    write_csv(tmp_path / "responses.csv", small)
    with (tmp_path / "responses.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 40
    for row, answers in zip(rows, small.responses):
        assert row["cov_origin"].startswith("simulated")
        read = [MISSING if row[item_id] == "" else int(row[item_id]) for item_id in small.item_id]
        assert read == answers.tolist()


@pytest.mark.parametrize(
    ("change", "n_persons", "names"),
    [
        ({"competency": "poetry"}, 100, "tables-f-01: competency 'poetry'"),
        ({"level": "hard"}, 100, "tables-f-01: level 'hard'"),
        ({}, 3, "n_persons is 3"),
    ],
)
def test_nonsense_is_refused_by_name(change, n_persons, names):
    items = [{**BANK[0], **change}, *BANK[1:]]
    with pytest.raises(ValueError, match=names):
        simulate_field_test(items, n_persons, seed=1)


def test_too_few_items_are_refused():
    with pytest.raises(ValueError, match="at least 80"):
        simulate_field_test(BANK[:79], 100, seed=1)
