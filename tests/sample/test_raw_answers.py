"""Raw answers say the same as the categories they were made from, by the product's own readers."""

import pytest

from itembank.exchange.items_file import read_items
from itembank.exchange.responses import read_item_rules, read_responses
from itembank.scoring import score
from sample.bank import ITEM_FILES, load_bank
from sample.field_test import simulate_field_test, write_csv
from sample.raw_answers import mistakes, raw_answers

BANK = load_bank()


@pytest.fixture(scope="module")
def field_test():
    return simulate_field_test(BANK, 150, seed=3)


@pytest.fixture(scope="module")
def rules():
    return {item_id: rule for file in ITEM_FILES for item_id, rule in read_item_rules(file).items()}


def in_order(table, item_ids):
    place = {item_id: column for column, item_id in enumerate(table.item_ids)}
    return table.responses[:, [place[item_id] for item_id in item_ids]]


def test_raw_answers_are_scored_back_to_the_categories(tmp_path, field_test, rules):
    write_csv(tmp_path / "raw.csv", field_test, raw_answers(field_test, BANK, seed=4))
    table = read_responses(tmp_path / "raw.csv", items=rules)
    assert (in_order(table, field_test.item_id) == field_test.responses).all()


def test_scored_answers_are_read_back(tmp_path, field_test):
    write_csv(tmp_path / "scored.csv", field_test)
    table = read_responses(tmp_path / "scored.csv")
    assert (in_order(table, field_test.item_id) == field_test.responses).all()


def test_every_mistake_is_a_mistake():
    scoring = {item.key: item.scoring for file in ITEM_FILES for item in read_items(file)[0]}
    for item in BANK:
        wrong = mistakes(item)
        assert len(set(wrong)) == len(wrong) >= 2, item["item_id"]
        rule = scoring[item["item_id"]]
        for answer in wrong:
            given = {rule.responses[0].identifier: answer.split("|")}
            assert score(rule, given).category == 0, (item["item_id"], answer)


def test_every_mistake_is_made_by_somebody():
    large = simulate_field_test(BANK, 1500, seed=8)
    cells = raw_answers(large, BANK, seed=9)
    for place, item in enumerate(BANK):
        said = {row[place] for row in cells}
        assert set(mistakes(item)) & said, item["item_id"]
        assert item["key"] in said


def test_the_seed_decides_the_mistakes(field_test):
    assert raw_answers(field_test, BANK, seed=1) == raw_answers(field_test, BANK, seed=1)
    assert raw_answers(field_test, BANK, seed=1) != raw_answers(field_test, BANK, seed=2)


def test_other_items_are_refused(field_test):
    with pytest.raises(ValueError, match="items must be those of the field test"):
        raw_answers(field_test, BANK[1:], seed=1)
