"""A role's profile against one learner and against the sample's whole cohort."""

from typing import Any

import pytest

from itembank.items import Item
from itembank.storage.database import Database
from tests.api.conftest import body
from tests.journeys.walking import Client, account, earn, nothing, open_attempt, sample_items, sit

STATES = {"met", "likely_met", "not_yet", "not_enough_evidence"}


@pytest.fixture(scope="module")
async def items(sample_database: Database) -> dict[str, Item]:
    return await sample_items(sample_database)


@pytest.fixture(scope="module")
async def advisor(sample_database: Database) -> dict[str, str]:
    return (await account(sample_database, "an advisor", "advisor"))[0]


def role(*wants: dict[str, Any]) -> dict[str, Any]:
    return {"key": "junior-analyst", "title": "Junior analyst", "wants": list(wants)}


ANALYST = role(
    {"competency": "tables", "cut_theta": 0.0},
    {"competency": "chance", "cut_percent": 60.0},
    {"competency": "negotiation", "cut_theta": 0.0},
)


async def group(client: Client, headers: dict[str, str], status: int = 200, **more: Any) -> Any:
    sent = {"role": ANALYST, "assessment": "data-literacy", **more}
    return body(await client.post("/api/v1/role-matches", json=sent, headers=headers), status)


async def test_one_learner_against_a_role(
    sample_client: Client, sample_database: Database, items: dict[str, Item], advisor: dict[str, str]
) -> None:
    able, _ = await account(sample_database, "able")
    attempt = await earn(sample_client, able, items)
    url = f"/api/v1/attempts/{attempt}/role-match"
    found = body(await sample_client.post(url, json=ANALYST, headers=able), 200)
    assert found["states"]["tables"] in ("met", "likely_met")
    assert (found["states"]["negotiation"], found["unmeasured"]) == ("not_enough_evidence", ["negotiation"])
    assert (found["n_met"], found["n_wanted"]) == (2, 3)
    assert body(await sample_client.post(url, json=ANALYST, headers=advisor), 200) == found
    unable, _ = await account(sample_database, "unable")
    attempt = await open_attempt(sample_client, unable)
    url = f"/api/v1/attempts/{attempt}/role-match"
    assert (await sample_client.post(url, json=ANALYST, headers=able)).status_code == 404
    assert (await sample_client.post(url, json=ANALYST, headers=unable)).status_code == 404
    await sit(sample_client, unable, attempt, "pre_test", items, nothing)
    found = body(await sample_client.post(url, json=ANALYST, headers=unable), 200)
    assert found["n_met"] == 0
    assert "met" not in found["states"].values()


async def test_a_group_is_told_in_numbers_too_large_to_be_somebody(
    sample_client: Client, sample_database: Database, items: dict[str, Item], advisor: dict[str, str]
) -> None:
    fit = await group(sample_client, advisor)
    assert fit["n_learners"] >= 20
    assert list(fit["counts"]) == ["tables", "chance", "negotiation"]
    assert fit["unmeasured"] == ["negotiation"]
    for counts in fit["counts"].values():
        assert set(counts) == STATES
        shown = [count for count in counts.values() if count is not None]
        assert all(count == 0 or count >= 5 for count in shown)
        hidden = fit["n_learners"] - sum(shown)
        assert hidden == 0 or hidden >= 5, "what is suppressed cannot be had by subtraction"
    assert fit["counts"]["negotiation"]["not_enough_evidence"] == fit["n_learners"]


async def test_a_few_people_are_no_group(
    sample_client: Client, sample_database: Database, items: dict[str, Item], advisor: dict[str, str]
) -> None:
    few = []
    for number in range(4):
        headers, uuid = await account(sample_database, f"one of four {number}")
        attempt = await open_attempt(sample_client, headers)
        await sit(sample_client, headers, attempt, "pre_test", items, nothing)
        few.append(uuid)
    fit = await group(sample_client, advisor, learners=few)
    assert fit["n_learners"] is None
    assert {count for counts in fit["counts"].values() for count in counts.values()} == {None}
    small = await group(sample_client, advisor, 422, smallest_cell=1)
    assert "at least 5" in small["detail"]
    headers, stranger = await account(sample_database, "never opened it")
    assert stranger in (await group(sample_client, advisor, 404, learners=[stranger]))["detail"]
    assert (await group(sample_client, headers, 403))["type"] == "urn:assay:problem:forbidden"
    twice = role({"competency": "tables", "cut_theta": 0.0}, {"competency": "tables", "cut_theta": 1.0})
    assert "only once" in (await group(sample_client, advisor, 422, role=twice))["detail"]
    both = role({"competency": "tables", "cut_theta": 0.0, "cut_percent": 50.0})
    assert "either" in (await group(sample_client, advisor, 422, role=both))["detail"]
