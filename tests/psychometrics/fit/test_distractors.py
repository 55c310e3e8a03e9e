"""Options by score group, against hand-made answers and real ones."""

import csv

import numpy as np
import pytest

from psychometrics.fit import distractor_table
from psychometrics.fit.distractors import COMPUTED, DRAWS_THE_ABLE, KEYED_WEAKLY, NO_VARIATION, NOT_CHOSEN

ANSWERS = [["A", "x", "1"], ["A", "x", "1"], ["A", "y", "2"], ["B", "x", "1"], ["B", "y", ""], ["C", "z", "2"]]
KEYS = [["A"], ["x"], ["1"]]


def rows(table, item):
    return {table.option[r]: r for r in np.flatnonzero(table.item == item)}


def test_counts_means_and_groups_by_hand():
    table = distractor_table(ANSWERS, KEYS, n_groups=2)
    first, third = rows(table, 0), rows(table, 2)
    assert list(first) == ["A", "B", "C"]
    assert table.count[list(first.values())].tolist() == [3, 2, 1]
    assert table.proportion[first["A"]] == 0.5
    assert table.is_key[first["A"]]
    # shares of the other two items: 2/2, 2/2, 0, 2/2, 0 of one, 0
    assert table.mean_score[first["A"]] == pytest.approx(2 / 3)
    assert table.mean_score[first["B"]] == pytest.approx(0.5)
    chosen = np.array([1, 1, 1, 0, 0, 0])
    expected = np.corrcoef(chosen, [1, 1, 0, 1, 0, 0])[0, 1]
    assert table.point_biserial[first["A"]] == pytest.approx(expected)
    assert table.group_size[0].tolist() == [3, 3]
    assert table.group_proportion[first["A"]].tolist() == pytest.approx([1 / 3, 2 / 3])
    assert table.count[third["1"]] + table.count[third["2"]] == 5


def test_group_shares_sum_to_one_over_the_options():
    rng = np.random.default_rng(1)
    answers = rng.integers(1, 5, size=(300, 6))
    table = distractor_table(answers, [["1"]] * 6)
    for item in range(6):
        filled = table.group_size[item] > 0
        assert table.group_proportion[table.item == item].sum(axis=0) == pytest.approx(filled.astype(float))
        assert filled.sum() >= 4
    assert (table.group_size.sum(axis=1) == 300).all()


def test_a_wrong_key_and_a_weak_one_are_named():
    rng = np.random.default_rng(2)
    theta = rng.normal(size=800)
    right = rng.random((800, 10)) < 1 / (1 + np.exp(-2 * theta[:, None]))
    answers = np.where(right, "a", rng.choice(["b", "c"], size=(800, 10))).astype("<U2")
    keys = [["a"]] * 8 + [["b"]] + [["a"]]
    answers[:, 9] = np.where(theta < 0, "a", "c")
    table = distractor_table(answers, keys, score=theta)
    assert table.status[:8] == (COMPUTED,) * 8
    assert table.status[8] == DRAWS_THE_ABLE
    assert table.status[9] == DRAWS_THE_ABLE
    alone = distractor_table(answers[:, :1], [["a"]], score=-theta)
    assert alone.status[0] == DRAWS_THE_ABLE
    one_option = distractor_table(np.where(theta[:, None] > 0, "a", "b")[:400], [["a", "b"]], score=theta[:400])
    assert one_option.status[0] == COMPUTED
    assert distractor_table([["a"], ["b"]], [["a"]], score=[1.0, 1.0]).status[0] == NO_VARIATION


def test_an_option_nobody_chose_is_listed():
    table = distractor_table([["a"], ["a"], ["b"]], [["a"]], options=[["a", "b", "c"]], score=[2.0, 3.0, 1.0])
    assert table.option == ("a", "b", "c")
    assert table.count.tolist() == [2, 1, 0]
    assert np.isnan(table.mean_score[2])
    assert table.status == (NOT_CHOSEN,)


def test_a_key_against_ability_is_weak():
    table = distractor_table([["a"], ["a"], ["a"], ["b"]], [["a", "b"]], score=[1.0, 2.0, 3.0, 2.0])
    assert table.status[0] == KEYED_WEAKLY


@pytest.mark.parametrize(
    "answers", [[[1.0, np.nan], [2.0, 3.0]], [[1, None], [2, 3]], [["1", " "], ["2", "3 "]]], ids=str
)
def test_any_kind_of_cell(answers):
    table = distractor_table(answers, [["1"], ["3"]])
    assert table.option == ("1", "2", "3")
    assert table.count.tolist() == [1, 1, 1]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="keys has 2 entries for 3 items"):
        distractor_table(ANSWERS, KEYS[:2])
    with pytest.raises(ValueError, match=r"keys\[1\] is empty"):
        distractor_table(ANSWERS, [["A"], [], ["1"]])
    with pytest.raises(ValueError, match="score must hold one number for each of the 6 persons"):
        distractor_table(ANSWERS, KEYS, score=[1.0])
    with pytest.raises(ValueError, match="n_groups must be at least 2"):
        distractor_table(ANSWERS, KEYS, n_groups=1)


def test_icar_choices(shared_data):
    with (shared_data / "icar16" / "answers.csv").open() as file:
        answers = np.array(list(csv.reader(file))[1:])[:, 1:]
    with (shared_data / "icar16" / "key.csv").open() as file:
        keys = [[row[1]] for row in list(csv.reader(file))[1:]]
    table = distractor_table(answers, keys)
    assert set(table.status) == {COMPUTED}
    assert (table.point_biserial[table.is_key] > 0.2).all()
    assert (table.point_biserial[~table.is_key] < 0.1).all()
    key_rows = table.group_proportion[table.is_key]
    assert (key_rows[:, -1] > key_rows[:, 0]).all()
