"""Waterloo's micro-credential from end to end: 80 % of the assessment and an employer's rating, through a link."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from engine.attestations import new_token, token_hash
from engine.events import AttemptOpened, AttestationInvited
from engine.policies import policy_hash, preset
from engine.storage import assessments, attempts, invitations
from engine.workflows import journal
from engine.workflows.publish_assessment import publish_assessment
from engine.workflows.replay import replay_sessions
from itembank.items import Item
from itembank.storage.database import Database
from tests.api.conftest import body
from tests.journeys.walking import Client, account, nothing, open_attempt, sample_items, sit

KEY = "waterloo"
COMPETENCIES = ("averages", "chance", "sampling", "spreadsheets", "tables")


@pytest.fixture(scope="module")
async def items(sample_database: Database) -> dict[str, Item]:
    """The preset as it ships, its competencies named as its comment asks, on the sample bank."""
    policy = msgspec.structs.replace(preset(KEY), competencies=COMPETENCIES)
    await publish_assessment(sample_database, 1, policy, "data-literacy", 1)
    return await sample_items(sample_database, KEY)


@pytest.fixture(scope="module")
async def advisor(sample_database: Database) -> dict[str, str]:
    return (await account(sample_database, "an advisor", "advisor"))[0]


async def invite(client: Client, headers: dict[str, str], attempt: str) -> str:
    sent = {"requirement": "employer", "rater": "Jo Ferreira, Ferreira Ltd"}
    made = await client.post(f"/api/v1/attempts/{attempt}/invitations", json=sent, headers=headers)
    assert made.headers["cache-control"] == "no-store"
    return str(body(made, 201)["token"])


async def standing(client: Client, headers: dict[str, str], attempt: str) -> dict[str, Any]:
    found: dict[str, Any] = body(await client.get(f"/api/v1/attempts/{attempt}", headers=headers), 200)
    return found


def rating(word: str, **others: str) -> dict[str, dict[str, str]]:
    return {"ratings": dict.fromkeys(COMPETENCIES, word) | others}


async def test_credit_needs_both_benchmarks_and_comes_with_the_second(
    sample_client: Client, sample_database: Database, items: dict[str, Item], advisor: dict[str, str]
) -> None:
    headers, _ = await account(sample_database, "Robin Tremblay")
    attempt = await open_attempt(sample_client, headers, KEY)
    session = await sit(sample_client, headers, attempt, "post_test", items)
    assert session["decision"]["passed"]
    waiting = await standing(sample_client, headers, attempt)
    assert (waiting["state"], waiting["credit"], waiting["outstanding"]) == ("awaiting_attestation", None, ["employer"])
    refused = await sample_client.post(
        f"/api/v1/attempts/{attempt}/invitations", json={"requirement": "employer"}, headers=headers
    )
    assert refused.status_code == 403
    token = await invite(sample_client, advisor, attempt)
    url = f"/api/v1/attestations/{token}"
    asked = body(await sample_client.get(url), 200)
    assert (asked["learner"], asked["open"], list(asked["competencies"])) == ("Robin Tremblay", True, [*COMPETENCIES])
    assert asked["ratings"][-1] == "superior"
    short = await sample_client.post(url, json={"ratings": {"tables": "superior"}})
    assert body(short, 409)["refusals"][0]["rule"] == "rating"
    odd = await sample_client.post(url, json=rating("superior", tables="brilliant"))
    assert "brilliant" in body(odd, 409)["detail"]
    assert body(await sample_client.get(url), 200)["open"]
    sent = {**rating("superior"), "comment": "Robin explained our dashboards to everybody."}
    assert body(await sample_client.post(url, json=sent), 201) == {"satisfied": True, "is_new": True}
    credited = await standing(sample_client, headers, attempt)
    assert (credited["state"], credited["credit"]["hours"], credited["outstanding"]) == ("credited", "0.5", [])
    credential = body(await sample_client.get(f"/api/v1/attempts/{attempt}/credential", headers=headers), 200)
    assert body(await sample_client.get(f"/api/v1/verify/{credential['uuid']}"), 200)["status"] == "valid"
    assert body(await sample_client.post(url, json=sent), 200)["is_new"] is False
    changed = await sample_client.post(url, json=rating("good"))
    assert body(changed, 409)["refusals"][0]["rule"] == "link_used"
    assert (await replay_sessions(sample_database, 1, session["uuid"])).n_identical == 1
    await only_hashes_are_kept(sample_database, token)


async def only_hashes_are_kept(database: Database, token: str) -> None:
    """The log holds the hash of the token; no table holds the token, and the log no word about anybody."""
    async with database.transaction(1) as connection:
        bodies = [row["body"] for row in await connection.fetch("SELECT body::text AS body FROM attempt_event")]
        kept = [row["text"] for row in await connection.fetch("SELECT i::text AS text FROM invitation i")]
    assert any(token_hash(token) in text for text in bodies)
    assert not any(token in text for text in [*bodies, *kept])
    assert not any("dashboards" in text or "Ferreira" in text for text in bodies)
    assert any("dashboards" in text and "Ferreira" in text for text in kept)


async def test_a_rating_below_superior_earns_nothing_and_a_new_link_may(
    sample_client: Client, sample_database: Database, items: dict[str, Item], advisor: dict[str, str]
) -> None:
    headers, _ = await account(sample_database, "good, not superior")
    attempt = await open_attempt(sample_client, headers, KEY)
    first = await invite(sample_client, advisor, attempt)
    given = await sample_client.post(f"/api/v1/attestations/{first}", json=rating("superior", chance="good"))
    assert body(given, 201)["satisfied"] is False
    await sit(sample_client, headers, attempt, "post_test", items)
    assert (await standing(sample_client, headers, attempt))["state"] == "awaiting_attestation"
    second = await invite(sample_client, advisor, attempt)
    body(await sample_client.post(f"/api/v1/attestations/{second}", json=rating("superior")), 201)
    assert (await standing(sample_client, headers, attempt))["state"] == "credited"


async def test_a_rating_alone_is_no_credit(
    sample_client: Client, sample_database: Database, items: dict[str, Item], advisor: dict[str, str]
) -> None:
    headers, _ = await account(sample_database, "praised")
    attempt = await open_attempt(sample_client, headers, KEY)
    token = await invite(sample_client, advisor, attempt)
    body(await sample_client.post(f"/api/v1/attestations/{token}", json=rating("superior")), 201)
    await sit(sample_client, headers, attempt, "post_test", items, nothing)
    told = await standing(sample_client, headers, attempt)
    assert (told["credit"], told["outstanding"]) == (None, [])


async def test_an_unknown_link_says_nothing(
    sample_client: Client, sample_database: Database, items: dict[str, Item], advisor: dict[str, str]
) -> None:
    unknown = "x" * 43
    assert (await sample_client.get(f"/api/v1/attestations/{unknown}")).status_code == 404
    assert (await sample_client.post(f"/api/v1/attestations/{unknown}", json=rating("good"))).status_code == 404
    page = await sample_client.get(f"/attestations/{unknown}", headers={"accept": "text/html"})
    assert page.status_code == 404


async def test_the_employer_rates_on_a_page(
    sample_client: Client, sample_database: Database, items: dict[str, Item], advisor: dict[str, str]
) -> None:
    headers, _ = await account(sample_database, "Alex <Roy>")
    attempt = await open_attempt(sample_client, headers, KEY)
    await sit(sample_client, headers, attempt, "post_test", items)
    url = f"/attestations/{await invite(sample_client, advisor, attempt)}"
    html = {"accept": "text/html"}
    page = await sample_client.get(url, headers=html)
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "Alex &lt;Roy&gt;" in page.text
    assert page.text.count('type="radio"') == 5 * len(COMPETENCIES)
    partly = {f"rating:{key}": "superior" for key in COMPETENCIES[1:]}
    missing = await sample_client.post(url, data=partly, headers=html)
    assert missing.status_code == 422
    assert missing.text.count("checked") == len(COMPETENCIES) - 1
    elsewhere = await sample_client.post(url, data=partly, headers=html | {"origin": "https://elsewhere.example"})
    assert elsewhere.status_code == 403
    whole = partly | {"rating:averages": "superior", "comment": "Good with people, too."}
    thanks = await sample_client.post(url, data=whole, headers=html)
    assert thanks.status_code == 200
    assert 'role="status"' in thanks.text
    assert (await standing(sample_client, headers, attempt))["state"] == "credited"
    again = await sample_client.get(url, headers=html)
    assert 'type="radio"' not in again.text
    assert 'role="alert"' in again.text


async def invited_long_ago(database: Database, name: str, days: int, seconds: int) -> tuple[dict[str, str], str, str]:
    """An attempt whose rater was sent a link so long ago: the learner's headers, the attempt, the token."""
    headers, learner = await account(database, name)
    async with database.transaction(1) as connection:
        version = await assessments.current(connection, KEY)
        assert version is not None
        account_id = await connection.fetchval("SELECT id FROM account WHERE uuid = $1::text::uuid", learner)
        attempt, _ = await attempts.open_attempt(connection, 1, account_id, version.assessment_id, version.id)
        then = await attempts.lock(connection, attempt.id) - timedelta(days=days, seconds=seconds)
        policy, token = version.policy, new_token(bytes(range(days, days + 32)))
        opened = AttemptOpened(
            at=then, learner=learner, policy_key=KEY, policy_version=policy.version, policy_hash=policy_hash(policy)
        )
        invited = AttestationInvited(at=then, requirement="employer", token_hash=token_hash(token))
        await journal.append(connection, 1, attempt.id, policy, [opened, invited], account_id)
        await invitations.add(connection, 1, token_hash(token), attempt.id, "employer", "Jo Ferreira", account_id, then)
    return headers, str(attempt.uuid), token


async def test_a_link_lapses_after_thirty_days_and_a_new_one_may_be_sent(
    sample_client: Client, sample_database: Database, items: dict[str, Item], advisor: dict[str, str]
) -> None:
    _, _, fresh = await invited_long_ago(sample_database, "asked in time", 29, 0)
    assert body(await sample_client.get(f"/api/v1/attestations/{fresh}"), 200)["open"]
    headers, attempt, token = await invited_long_ago(sample_database, "asked long ago", 30, 3601)
    url = f"/api/v1/attestations/{token}"
    told = body(await sample_client.get(url), 200)
    assert told["open"] is False
    assert "new one" in " ".join(told["why_not"])
    refused = await sample_client.post(url, json=rating("superior"))
    assert body(refused, 409)["refusals"][0]["rule"] == "link_lapsed"
    page = await sample_client.get(f"/attestations/{token}", headers={"accept": "text/html"})
    assert 'type="radio"' not in page.text
    await sit(sample_client, headers, attempt, "post_test", items)
    assert (await standing(sample_client, headers, attempt))["state"] == "awaiting_attestation"
    again = await invite(sample_client, advisor, attempt)
    body(await sample_client.post(f"/api/v1/attestations/{again}", json=rating("superior")), 201)
    assert (await standing(sample_client, headers, attempt))["state"] == "credited"
