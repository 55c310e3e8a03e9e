"""Modules add up to a course: completed once, reopened when a part is revoked, completed again."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.policies import Policy
from engine.storage import assessments
from engine.workflows.publish_assessment import publish_assessment
from itembank.items import Item
from itembank.storage.database import Database
from tests.api.conftest import body
from tests.journeys.test_appeals import verb
from tests.journeys.walking import Client, account, earn, open_attempt, sample_items, sit

SECOND = "data-literacy-2"


@pytest.fixture(scope="module")
async def items(sample_database: Database) -> dict[str, Item]:
    """A second module on the same bank: one post-test."""
    async with sample_database.transaction(1) as connection:
        version = await assessments.current(connection, "data-literacy")
    assert version is not None
    base: Policy = version.policy
    post = msgspec.structs.replace(base.occasions[1], gates=())
    policy = msgspec.structs.replace(base, key=SECOND, title="Second module", occasions=(post,), lifts=())
    await publish_assessment(sample_database, 1, policy, "data-literacy", 1)
    return await sample_items(sample_database)


@pytest.fixture(scope="module")
async def registrar(sample_database: Database) -> dict[str, str]:
    return (await account(sample_database, "a registrar", "registrar"))[0]


def course(key: str, *modules: str, hours: str = "0.6", **more: Any) -> dict[str, Any]:
    return {"key": key, "title": key, "parts": [{"module": name, "hours": hours} for name in modules], **more}


async def standing(client: Client, headers: dict[str, str], key: str, url: str = "/api/v1/courses") -> dict[str, Any]:
    listed = body(await client.get(url, headers=headers), 200)
    found: dict[str, Any] = next(one for one in listed if one["key"] == key)
    return found


async def entries(database: Database, key: str, learner: str) -> list[str]:
    async with database.transaction(1) as connection:
        rows = await connection.fetch(
            "SELECT e.kind FROM course_entry e JOIN course c ON c.id = e.course_id JOIN account a ON"
            " a.id = e.account_id WHERE c.key = $1 AND a.uuid = $2::text::uuid ORDER BY e.number", key, learner,
        )  # fmt: skip
    return [row["kind"] for row in rows]


async def test_a_course_is_completed_once_reopened_by_a_revocation_and_completed_again(
    sample_client: Client, sample_database: Database, items: dict[str, Item], registrar: dict[str, str]
) -> None:
    sent = course("analyst", "data-literacy", SECOND)
    body(await sample_client.post("/api/v1/courses", json=sent, headers=registrar), 201)
    body(await sample_client.post("/api/v1/courses", json=sent, headers=registrar), 201)
    headers, learner = await account(sample_database, "stacks")
    assert (await standing(sample_client, headers, "analyst"))["missing"] == ["data-literacy", SECOND]
    first = await earn(sample_client, headers, items)
    halfway = await standing(sample_client, headers, "analyst")
    assert (halfway["hours"], halfway["hours_needed"], halfway["complete"]) == ("0.6", "1.2", False)
    assert await entries(sample_database, "analyst", learner) == []
    second = await open_attempt(sample_client, headers, SECOND)
    assert (await sit(sample_client, headers, second, "post_test", items))["decision"]["passed"]
    whole = await standing(sample_client, headers, "analyst")
    assert (whole["hours"], whole["complete"], whole["missing"]) == ("1.2", True, [])
    assert whole["completed_at"] is not None
    assert await entries(sample_database, "analyst", learner) == ["completed"]
    reason = {"reason": "another person sat"}
    url = f"/api/v1/attempts/{second}/credit/revocation"
    body(await sample_client.post(url, json=reason, headers=registrar), 201)
    told = await standing(sample_client, registrar, "analyst", f"/api/v1/learners/{learner}/courses")
    assert (told["complete"], told["completed_at"], told["missing"]) == (False, None, [SECOND])
    assert await entries(sample_database, "analyst", learner) == ["completed", "reopened"]
    assert first != second


async def test_publishing_completes_it_for_those_who_hold_the_parts(
    sample_client: Client,
    sample_database: Database,
    sample_dsn: str,
    items: dict[str, Item],
    registrar: dict[str, str],
    tmp_path: Path,
) -> None:
    headers, learner = await account(sample_database, "was early")
    await earn(sample_client, headers, items)
    path = tmp_path / "course.toml"
    path.write_text(
        'key = "elective"\ntitle = "An elective"\nhours_needed = "0.6"\n'
        f'[[parts]]\nmodule = "data-literacy"\nhours = "0.6"\n[[parts]]\nmodule = "{SECOND}"\nhours = "0.6"\n'
    )
    for _ in range(2):
        done = verb(sample_dsn, "publish-course", str(path))
        assert done.returncode == 0, done.stderr
    assert await entries(sample_database, "elective", learner) == ["completed"]
    assert (await standing(sample_client, headers, "elective"))["complete"]
    path.write_text('key = "elective"\n')
    broken = verb(sample_dsn, "publish-course", str(path))
    assert (broken.returncode, broken.stderr.count("\n")) == (1, 1)


async def test_a_course_that_cannot_be_is_refused_with_its_reason(
    sample_client: Client, sample_database: Database, items: dict[str, Item], registrar: dict[str, str]
) -> None:
    async def refused(sent: dict[str, Any]) -> str:
        return str(body(await sample_client.post("/api/v1/courses", json=sent, headers=registrar), 422)["detail"])

    assert "no assessment 'nothing'" in await refused(course("a", "nothing"))
    assert "says 0.7 hours, but its policy gives 0.6" in await refused(course("b", SECOND, hours="0.7"))
    assert "numbers such as 0.6" in await refused(course("n", SECOND, hours="NaN"))
    assert "a key is 1 to 63" in await refused(course("no key at all!", SECOND))
    assert "each only once" in await refused(course("c", SECOND, SECOND))
    body(await sample_client.post("/api/v1/courses", json=course("d", SECOND), headers=registrar), 201)
    assert "another key" in await refused(course("d", "data-literacy"))
    advisor, _ = await account(sample_database, "an advisor", "advisor")
    assert (await sample_client.post("/api/v1/courses", json=course("e", SECOND), headers=advisor)).status_code == 403
