"""Secrets planted in a bank appear in no byte that a learner receives: not in JSON, not in a page, not in a header."""

import re
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from api.app import create_app
from api.settings import Settings
from engine.policies.documents import read_policy
from engine.workflows.publish_assessment import publish_assessment
from itembank.competencies import Competency, Framework
from itembank.exchange.items_file import read_items
from itembank.storage import accounts, institutions
from itembank.storage.database import Database
from itembank.workflows.import_bank import import_bank
from itembank.workflows.keep_calibration import keep_calibration
from tests.api.conftest import bearer, body
from tests.chaos.conftest import SHORT

N_ITEMS = 40
KEY = "CANARYKEY"
SECRET_DIGITS = 314159


@pytest.fixture(scope="module")
async def institution(database: Database, database_dsn: str) -> int:
    """A bank whose right answers and parameters can be told from everything else."""
    institution_id = await institutions.create(database_dsn, "canary", "Canary")
    rows = ["item_id,competency,key,max_score,type,stem"]
    rows += [f"item-{n},secretfield-{n % 4},{KEY}{n},1,text,What is asked in question {n}?" for n in range(N_ITEMS)]
    items, report = read_items("\n".join(rows).encode())
    assert report.refused == ()
    names = [f"secretfield-{n}" for n in range(4)]
    framework = Framework(
        key="secrets", title="Secrets", competencies=tuple(Competency(key=name, statement=name) for name in names)
    )
    await import_bank(database, institution_id, "canaries", items, framework=framework)
    records = [
        {"item_id": f"item-{n}", "competency": f"secretfield-{n % 4}", "model": "2pl", "n_responses": 100,
         "discrimination": float(f"1.{SECRET_DIGITS}{n:03d}"), "difficulty": float(f"0.{SECRET_DIGITS}{n:03d}"),
         "guessing": 0.0, "upper": 1.0, "thresholds": [], "steps": [], "standard_error": {}, "fit": {}}
        for n in range(N_ITEMS)
    ]  # fmt: skip
    document: dict[str, Any] = {
        "assay": "calibration/1", "log_likelihood": -1.0, "status": "converged", "n_iterations": 1, "n_persons": 1,
        "n_responses": 1, "groups": [{"group": "all", "mean": 0.0, "sd": 1.0, "n_persons": 1}], "correlations": [],
        "items": records,
    }  # fmt: skip
    await keep_calibration(database, institution_id, "canaries", document, origin="planted")
    async with database.transaction(institution_id) as connection:
        author = await accounts.create(connection, institution_id, "author", ["psychometrician"])
    await publish_assessment(database, institution_id, read_policy(SHORT), "canaries", author)
    return institution_id


@pytest.fixture(scope="module")
async def client(database_dsn: str, institution: int) -> Any:
    app = create_app(Settings(public_url="http://testserver.local"), database_dsn)
    async with AsyncTestClient(app) as opened:
        yield opened


class Listener:
    """Every byte that came back."""

    def __init__(self, client: AsyncTestClient[Litestar], headers: dict[str, str]) -> None:
        self.client, self.headers, self.heard = client, headers, []
        client.cookies.clear()

    async def ask(self, method: str, url: str, **options: Any) -> Any:
        answer = await self.client.request(method, url, headers=self.headers, **options)
        self.heard.append(f"{answer.headers} {answer.text}")
        return answer

    def hears(self, secret: str) -> int:
        return sum(secret in text for text in self.heard)

    def hears_a_parameter(self) -> list[str]:
        """Numbers that begin as the planted ones do; the digits alone may stand in a uuid or after a second."""
        return [found for text in self.heard for found in re.findall(rf"(?<!\d)[01]?[.,]{SECRET_DIGITS}\d*", text)]


async def test_no_byte_tells_the_key_or_a_parameter(
    client: AsyncTestClient[Litestar], database: Database, institution: int
) -> None:
    async with database.transaction(institution) as connection:
        account = await accounts.create(connection, institution, "listener", ["learner"], "Listener")
        headers = bearer(await accounts.add_key(connection, institution, account, "test"))
    learner = Listener(client, headers)
    attempt = body(await learner.ask("POST", "/api/v1/attempts", json={"assessment": "pressed"}), 201)["uuid"]
    session = body(
        await learner.ask("POST", f"/api/v1/attempts/{attempt}/sessions", json={"occasion": "pre_test"}), 201
    )
    while session["state"] == "open":
        assert learner.hears("secretfield") == 0  # a competency would tell what the design looks for
        url = f"/api/v1/sessions/{session['uuid']}"
        for wrong in ({"NOWHERE": ["x"]}, ["x"] * 9, None):
            await learner.ask("POST", f"{url}/responses", json={"position": 99, "answer": wrong})
        await learner.ask("PUT", f"{url}/draft", json={"position": 0, "answer": "half"})
        for page in (url, f"/sittings/{session['uuid']}", f"/attempts/{attempt}"):
            await learner.ask("GET", page)
        given = {"position": session["item"]["position"], "answer": "a guess"}
        session = body(await learner.ask("POST", f"{url}/responses", json=given), 201)
    for page in (
        f"/api/v1/attempts/{attempt}", f"/api/v1/attempts/{attempt}/gap-report", f"/attempts/{attempt}",
        f"/attempts/{attempt}/result", "/my", "/my-data", "/my-data/export.json", "/api/v1/assessments/pressed",
        "/api/v1/catalogue", "/api/v1/banks", "/api/v1/banks/canaries/items", "/schema/openapi.json", "/practice",
    ):  # fmt: skip
        await learner.ask("GET", page)
    assert len(learner.heard) > 25
    assert learner.hears("What is asked in question") >= 3
    assert learner.hears(KEY) == 0
    assert learner.hears_a_parameter() == []
    assert not any(re.search(r"\bitem-\d+\b.*\"key\"", text) for text in learner.heard)
