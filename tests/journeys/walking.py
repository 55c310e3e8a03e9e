"""Walking through the application over HTTP as a learner who knows everything, or nothing."""

from collections.abc import Callable
from typing import Any

from litestar import Litestar
from litestar.testing import AsyncTestClient

from api.sample_cohort import answer_to
from engine.storage import assessments
from engine.workflows.shelf import load_bank
from itembank.items import Item
from itembank.storage import accounts, institutions
from itembank.storage.database import Database
from tests.api.conftest import bearer, body

Client = AsyncTestClient[Litestar]
Knows = Callable[[Item], bool]


def everything(_: Item) -> bool:
    return True


def nothing(_: Item) -> bool:
    return False


async def sample_items(database: Database, assessment: str = "data-literacy") -> dict[str, Item]:
    """The items of the bank behind a published assessment, with their keys."""
    institution_id = await institutions.find(database, "sample")
    assert institution_id is not None
    async with database.transaction(institution_id) as connection:
        version = await assessments.current(connection, assessment)
        assert version is not None
        return {item.key: item for item in (await load_bank(connection, version.bank_version_id)).items}


async def account(database: Database, name: str, *roles: str, email: str | None = None) -> tuple[dict[str, str], str]:
    """A new account of the sample institution: the header that signs its requests, and its uuid."""
    institution_id = await institutions.find(database, "sample")
    assert institution_id is not None
    async with database.transaction(institution_id) as connection:
        made = await accounts.create(connection, institution_id, name, list(roles or ("learner",)), name)
        if email:
            await connection.execute("UPDATE person SET email = $2 WHERE account_id = $1", made, email)
        header = bearer(await accounts.add_key(connection, institution_id, made, "test"))
        return header, str((await accounts.person(connection, made)).uuid)


async def open_attempt(client: Client, headers: dict[str, str], assessment: str = "data-literacy") -> str:
    answer = await client.post("/api/v1/attempts", json={"assessment": assessment}, headers=headers)
    return str(body(answer, 201)["uuid"])


async def sit(
    client: Client,
    headers: dict[str, str],
    attempt: str,
    occasion: str,
    items: dict[str, Item],
    knows: Knows = everything,
) -> dict[str, Any]:
    """A whole sitting; returns the finished session."""
    started = await client.post(f"/api/v1/attempts/{attempt}/sessions", json={"occasion": occasion}, headers=headers)
    session: dict[str, Any] = body(started, 201)
    while session["state"] == "open":
        item = items[session["item"]["item"]]
        given = {"position": session["item"]["position"], "answer": answer_to(item, right=knows(item))}
        url = f"/api/v1/sessions/{session['uuid']}/responses"
        session = body(await client.post(url, json=given, headers=headers), 201)
    return session


async def earn(client: Client, headers: dict[str, str], items: dict[str, Item]) -> str:
    """Both sittings of the sample module, all right: an attempt with credit."""
    attempt = await open_attempt(client, headers)
    for occasion in ("pre_test", "post_test"):
        assert (await sit(client, headers, attempt, occasion, items))["decision"]["passed"]
    return attempt


async def event(
    client: Client, headers: dict[str, str], attempt: str, kind: str, status: int = 201, **more: Any
) -> Any:
    """Write an event into an attempt."""
    sent = {"event": kind, **more}
    return body(await client.post(f"/api/v1/attempts/{attempt}/events", json=sent, headers=headers), status)
