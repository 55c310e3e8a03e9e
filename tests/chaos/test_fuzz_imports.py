"""A few hundred mutants in every run; ten thousand with ./run chaos."""

from itembank.errors import BankError
from itembank.storage import institutions
from itembank.storage.database import Database
from itembank.workflows.import_bank import import_bank
from tests.chaos.fuzz_imports import fuzz


async def test_mutated_packages_never_crash_and_never_come_in_by_halves(database_dsn: str, database: Database) -> None:
    done = fuzz(250, seed=20)
    assert done.crashed == {}, done.crashed.most_common(3)
    assert done.refused > 20
    assert done.read > 20
    assert done.slowest < 5
    institution = await institutions.create(database_dsn, "fuzzed", "Fuzzed")
    for number, items in enumerate(done.readable[:15]):
        try:
            result = await import_bank(database, institution, f"bank-{number}", items, framework=None)
            expected = len(result.added)
        except BankError:
            expected = 0
        async with database.transaction(institution) as connection:
            kept = await connection.fetchval(
                "SELECT count(*) FROM item i JOIN bank b ON b.id = i.bank_id WHERE b.key = $1", f"bank-{number}"
            )
        assert kept == expected
