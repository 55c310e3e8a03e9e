"""Field tests go in by blocks and come back as the same matrix, inside their institution alone."""

import numpy as np
import pytest

from itembank.competencies import Competency, Framework
from itembank.errors import BankError, BankUnknown
from itembank.exchange.item_forms import choice_item
from itembank.exchange.responses import read_responses
from itembank.items import Item, ItemFacts
from itembank.storage import banks, field_tests, institutions
from itembank.storage.database import Database
from itembank.workflows.import_bank import import_bank
from itembank.workflows.import_responses import import_responses
from itembank.workflows.read_field_tests import read_field_tests, together

KEYS = ("q1", "q2", "q3")


async def furnished(database: Database, dsn: str, key: str) -> int:
    institution_id = await institutions.create(dsn, key, key)
    formed = choice_item("Which one is it?", ("this", "that"), {"A": 1.0})
    items = [
        Item(key=k, content=formed.content, scoring=formed.scoring, facts=ItemFacts(competencies=("c",))) for k in KEYS
    ]
    framework = Framework(key="f", title="f", competencies=(Competency(key="c", statement="c"),))
    await import_bank(database, institution_id, "b", items, framework=framework)
    return institution_id


def wide(rows: np.ndarray, persons: list[str]) -> bytes:
    lines = [",".join([person, *("" if v < 0 else str(v) for v in row)]) for person, row in zip(persons, rows.tolist())]
    return "\n".join([f"person_id,{','.join(KEYS)}", *lines]).encode()


async def test_a_matrix_comes_back_as_it_went_in(database: Database, database_dsn: str) -> None:
    institution_id = await furnished(database, database_dsn, "matrix")
    rng = np.random.default_rng(5)
    rows = rng.integers(-1, 2, (2345, 3)).astype(np.int8)
    rows[(rows < 0).all(axis=1), 0] = 0
    persons = [f"p{n:05d}é" for n in range(len(rows))]
    table = read_responses(wide(rows, persons), name="spring.csv")
    done = await import_responses(database, institution_id, "b", table, name="spring")
    assert done.n_persons * done.n_items == done.n_responses + done.n_missing == rows.size
    assert done.n_responses == int((rows >= 0).sum())
    async with database.transaction(institution_id) as connection:
        bank = await banks.find(connection, "b")
        assert bank is not None
        (kept,) = await field_tests.of_bank(connection, bank.id)
        assert (kept.name, kept.n_persons, kept.n_responses) == ("spring", 2345, done.n_responses)
        assert await field_tests.item_keys(connection, kept.id) == KEYS
        who, matrix = await field_tests.responses(connection, kept.id)
    assert who == tuple(persons)
    assert np.array_equal(matrix, rows)
    other = await institutions.create(database_dsn, "stranger", "stranger")
    async with database.transaction(other) as connection:
        assert await field_tests.of_bank(connection, bank.id) == []
        assert (await connection.fetchval("SELECT count(*) FROM field_response")) == 0


async def test_a_bad_field_test_is_refused_whole(database: Database, database_dsn: str) -> None:
    institution_id = await furnished(database, database_dsn, "refused")
    good = read_responses(wide(np.array([[0, 1, 1], [1, 0, 0]]), ["a", "b"]), name="x.csv")
    await import_responses(database, institution_id, "b", good, name="x")
    for table, bank, name, words in (
        (good, "b", "x", "a field test 'x' already"),
        (good, "nowhere", "y", "no bank 'nowhere'"),
        (read_responses(b"person_id,q9\na,1\nb,0\n", name="y.csv"), "b", "y", "no item 'q9'"),
        (read_responses(b"person_id,q1\na,2\nb,0\n", name="y.csv"), "b", "y", "category 2, but it is scored 0 to 1"),
    ):
        with pytest.raises((BankError, BankUnknown), match=words):
            await import_responses(database, institution_id, bank, table, name=name)
    async with database.transaction(institution_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM field_test") == 1


def test_tests_stand_below_each_other_and_lacks_are_missing() -> None:
    one = ("spring", ("q1", "q2"), ("a", "b"), np.array([[1, 0], [-1, 1]], dtype=np.int8))
    two = ("autumn", ("q3", "q1"), ("a",), np.array([[1, 0]], dtype=np.int8))
    table = together([one, two], by_test=True)
    assert table.item_ids == ("q1", "q2", "q3")
    assert table.responses.tolist() == [[1, 0, -1], [-1, 1, -1], [0, -1, 1]]
    assert table.person_ids == ("spring/a", "spring/b", "autumn/a")
    assert table.groups == ("spring", "spring", "autumn")
    assert (table.report.n_responses, table.report.n_missing) == (5, 4)
    assert together([one]).person_ids == ("a", "b")


async def test_stored_answers_come_back_with_their_competencies(database: Database, database_dsn: str) -> None:
    institution_id = await furnished(database, database_dsn, "again")
    rows = np.array([[1, 0, 1], [0, 1, -1]], dtype=np.int8)
    await import_responses(database, institution_id, "b", read_responses(wide(rows, ["x", "y"])), name="t")
    table, competencies = await read_field_tests(database, institution_id, "b", ["t", "t"])
    assert table.responses.tolist() == rows.tolist()
    assert competencies == dict.fromkeys(KEYS, "c")
    with pytest.raises(BankError, match="no field test 'u'; it has t"):
        await read_field_tests(database, institution_id, "b", ["u"])
    with pytest.raises(BankUnknown):
        await read_field_tests(database, institution_id, "nowhere", ["t"])
