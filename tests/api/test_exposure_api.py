"""Exposure rates over HTTP: of the sample's sittings, equal to a count of what was shown."""

from litestar import Litestar
from litestar.testing import AsyncTestClient

from itembank.storage.database import Database
from tests.api.conftest import body
from tests.journeys.walking import account

Client = AsyncTestClient[Litestar]
URL = "/api/v1/banks/data-literacy/exposure"


async def test_rates_are_shares_of_finished_sittings(sample_client: Client, sample_database: Database) -> None:
    staff, _ = await account(sample_database, "rates", "psychometrician")
    document = body(await sample_client.get(URL, headers=staff), 200)
    async with sample_database.transaction(1) as connection:
        n_sittings = await connection.fetchval("SELECT count(*) FROM session WHERE finished_at IS NOT NULL")
        rows = await connection.fetch(
            "SELECT i.key, count(*) AS n FROM session_item s JOIN item i ON i.id = s.item_id "
            "JOIN session t ON t.id = s.session_id WHERE t.finished_at IS NOT NULL GROUP BY i.key"
        )
    overall = document["overall"]
    assert overall["sittings"] == n_sittings
    shown = {row["key"]: row["n"] for row in rows}
    assert {key: round(rate * n_sittings) for key, rate in overall["rates"].items() if rate} == shown
    assert overall["highest_rate"] == max(shown.values()) / n_sittings
    assert 0 < overall["overlap"] < 1
    assert document["pools"] == [], "the sample has one pool, which is all"


async def test_only_staff_of_the_bank_may_read_it(sample_client: Client, sample_database: Database) -> None:
    learner, _ = await account(sample_database, "curious about rates")
    assert (await sample_client.get(URL, headers=learner)).status_code == 403
    staff, _ = await account(sample_database, "rates of nothing", "author")
    missing = await sample_client.get("/api/v1/banks/nothing/exposure", headers=staff)
    assert "no published version of a bank 'nothing'" in body(missing, 404)["detail"]
