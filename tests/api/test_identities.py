"""Learners' keys are remembered for a moment by those who ask for that, and no longer than that."""

import asyncio

import pytest

from api import identities
from api.identities import FRESH_SECONDS, Identities
from itembank.storage import accounts, institutions
from itembank.storage.database import Database


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Its one number is the time."""
    hands = [1000.0]
    monkeypatch.setattr(identities, "monotonic", lambda: hands[0])
    return hands


@pytest.fixture
async def keys(database: Database, database_dsn: str) -> list[str]:
    """Keys of learners, the last of them a member of staff's."""
    institution = await institutions.create(database_dsn, "remembering", "Remembering")
    async with database.transaction(institution) as connection:
        people = [
            await accounts.create(connection, institution, f"{role}-{number}", [role])
            for role, n_people in (("learner", 20), ("advisor", 1)) for number in range(n_people)
        ]  # fmt: skip
        return [await accounts.add_key(connection, institution, person, "test") for person in people]


async def test_whoever_has_not_come_for_a_moment_needs_no_room(
    database: Database, keys: list[str], clock: list[float]
) -> None:
    known = Identities(database)
    found = await asyncio.gather(*(known.of_key(key, remembered=True) for key in keys))
    assert None not in found
    assert len(known._known) == len(keys) - 1, "staff are not remembered"
    clock[0] += FRESH_SECONDS / 2
    assert await known.of_key(keys[0], remembered=True) is found[0]
    assert await known.of_key(keys[1]) is not found[1], "asked again, and remembered anew"
    clock[0] += FRESH_SECONDS / 2
    assert await known.of_key(keys[2], remembered=True) is not found[2]
    assert len(known._known) == 2, "the one who was asked for a moment ago, and the one who came just now"


async def test_a_revoked_key_is_remembered_no_longer_than_a_moment(
    database: Database, keys: list[str], clock: list[float]
) -> None:
    known = Identities(database)
    caller = await known.of_key(keys[0], remembered=True)
    assert caller is not None
    async with database.transaction(caller.institution_id) as connection:
        await connection.execute("UPDATE api_key SET revoked_at = now() WHERE account_id = $1", caller.account_id)
    assert await known.of_key(keys[0], remembered=True) == caller
    assert await known.of_key(keys[0]) is None, "everywhere else it is asked for at once"
    assert await known.of_key(keys[0], remembered=True) is None
