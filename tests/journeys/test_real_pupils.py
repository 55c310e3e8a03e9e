"""The main job on real answers: TIMSS 2011 pupils, calibrated, published, and walked over HTTP from pre-test to credit.

A post-hoc adaptive test: each answer is the one the pupil gave on paper, so an item that was not in the pupil's booklet
is not eligible. What the short test says is held against the whole booklet.
"""

import csv
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from api.app import create_app
from api.cli.calibration_job import calibrate_table
from api.settings import Settings
from engine.policies.documents import read_policy
from engine.workflows.publish_assessment import publish_assessment
from itembank.competencies import Competency, Framework
from itembank.exchange.items_file import read_items
from itembank.exchange.responses import ResponseTable, read_responses
from itembank.storage import accounts, institutions
from itembank.storage.database import Database
from itembank.workflows.import_bank import import_bank
from itembank.workflows.keep_calibration import keep_calibration
from psychometrics import ItemParameters, estimate_ability
from tests.api.conftest import bearer, body

N_PUPILS = 40
POLICY = """
key = "timss-mathematics"
title = "Mathematics, grade 4"
time_zone = "Europe/Vienna"

[[occasions]]
key = "pre_test"
cut = { scale = "theta", value = -0.5 }
decision = { kind = "score" }
maximum = 1
design = { name = "pre", stopping = { min_items = 5, max_items = 8 } }

[[occasions]]
key = "post_test"
cut = { scale = "theta", value = -0.5 }
decision = { kind = "score" }
maximum = 1
design = { name = "post", stopping = { min_items = 6, max_items = 10 } }

[[occasions.gates]]
kind = "passed"
occasion = "pre_test"

[credit]
hours = "1.5"
"""


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "timss2011_g4"


@pytest.fixture(scope="module")
def calibration(folder: Path) -> dict[str, Any]:
    """The verb's own way from the files to the document, by marginal maximum likelihood with standard errors."""
    document, _ = calibrate_table(
        responses=folder / "responses.csv", items=folder / "items.csv", key=None, model="2pl", group=None, fix=None,
        priors=(), dimensions=None, latent="normal", estimator="mml", fit=False, omit_as_wrong=False, skip_bad=False,
        tell=lambda _: None,
    )  # fmt: skip
    return document


@pytest.fixture(scope="module")
def answers(folder: Path) -> ResponseTable:
    return read_responses(folder / "responses.csv", items=folder / "items.csv")


def items_file(folder: Path, target: Path) -> Path:
    """The real items with a stem that stands for the secret text, and the two scored answers as options."""
    with (folder / "items.csv").open() as source, target.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["item_id", "competency", "key", "max_score", "type", "stem", "options"])
        for row in csv.DictReader(source):
            stem = f"Item {row['item_id']} of the booklet"
            writer.writerow(
                [row["item_id"], row["competency"], "B", 1, "choice", stem, "answered wrongly|answered rightly"]
            )
    return target


@pytest.fixture(scope="module")
async def institution(
    database_dsn: str, database: Database, folder: Path, calibration: dict[str, Any], tmp_path_factory: Any
) -> int:
    institution_id = await institutions.create(database_dsn, "vienna", "Vienna", time_zone="Europe/Vienna")
    items, report = read_items(items_file(folder, tmp_path_factory.mktemp("items") / "items.csv"))
    assert report.refused == ()
    keys = sorted({item.facts.competencies[0] for item in items})
    framework = Framework(
        key="timss", title="TIMSS 2011", competencies=tuple(Competency(key=key, statement=key) for key in keys)
    )
    result = await import_bank(database, institution_id, "timss", items, framework=framework)
    assert len(result.added) == 174
    again = await import_bank(database, institution_id, "timss", items, framework=framework)
    assert (again.added, again.changed, len(again.unchanged)) == ((), (), 174)
    await keep_calibration(database, institution_id, "timss", calibration, origin="TIMSS 2011, Austria, grade 4")
    async with database.transaction(institution_id) as connection:
        author = await accounts.create(connection, institution_id, "author", ["psychometrician"])
    published = await publish_assessment(database, institution_id, read_policy(POLICY), "timss", author)
    assert (published.number, published.n_items) == (1, 174)
    return institution_id


@pytest.fixture(scope="module")
async def client(database_dsn: str, institution: int) -> AsyncIterator[AsyncTestClient[Litestar]]:
    app = create_app(Settings(public_url="http://testserver"), database_dsn)
    async with AsyncTestClient(app) as opened:
        yield opened


def test_calibration_reaches_the_likelihood_of_the_reference(calibration: dict[str, Any]) -> None:
    """mirt 1.45 reaches −62,470.7 (as printed, one decimal) with a 2PL; the maximum is −62,470.717 on any fine grid."""
    assert calibration["status"] == "converged"
    assert round(calibration["log_likelihood"], 1) >= -62_470.7
    assert len(calibration["items"]) == 174
    errors = [item["standard_error"]["discrimination"] for item in calibration["items"]]
    assert all(0 < error < 2 for error in errors)


async def sit(
    client: AsyncTestClient[Litestar], headers: dict[str, str], attempt: str, occasion: str, pupil: dict[str, int]
) -> tuple[dict[str, Any], list[str]]:
    """One sitting with the pupil's stored answers; the document at its end and the items shown."""
    shown = []
    started = await client.post(
        f"/api/v1/attempts/{attempt}/sessions", json={"occasion": occasion, "items": list(pupil)}, headers=headers
    )
    session = body(started, 201)
    while session["state"] == "open":
        assert session["decision"] is None
        item = session["item"]["item"]
        shown.append(item)
        given = {"position": session["item"]["position"], "answer": "AB"[pupil[item]]}
        url = f"/api/v1/sessions/{session['uuid']}/responses"
        session = body(await client.post(url, json=given, headers=headers), 201)
    return session, shown


async def enrol(database: Database, institution: int, name: str) -> dict[str, str]:
    """A pupil's account; returns the headers that speak for it."""
    async with database.transaction(institution) as connection:
        account = await accounts.create(connection, institution, name, ["learner", "service"], "A pupil")
        return bearer(await accounts.add_key(connection, institution, account, "test"))


async def pre_test(
    client: AsyncTestClient[Litestar], headers: dict[str, str], attempt: str, pupil: dict[str, int]
) -> tuple[dict[str, Any], list[str]]:
    """The pre-test with its report; its decision and the items shown."""
    session, seen = await sit(client, headers, attempt, "pre_test", pupil)
    decision = session["decision"]
    assert 5 <= len(seen) <= 8
    assert set(seen) <= set(pupil)
    assert decision["n_items"] == len(seen)
    report = body(await client.get(f"/api/v1/attempts/{attempt}/gap-report", headers=headers), 200)
    assert len(report["parts"]) == 9
    assert sum(part["n_answers"] for part in report["parts"]) == len(seen)
    return decision, seen


async def stopped(client: AsyncTestClient[Litestar], headers: dict[str, str], attempt: str) -> None:
    """The post-test is closed, and it is said why."""
    standing = body(await client.get(f"/api/v1/attempts/{attempt}", headers=headers), 200)
    assert [may for may in standing["may"] if may["action"] == "start"] == []
    assert "post_test" in {part["occasion"] for part in standing["refused"]}
    asked = {"occasion": "post_test"}
    refused = await client.post(f"/api/v1/attempts/{attempt}/sessions", json=asked, headers=headers)
    assert body(refused, 409)["refusals"][0]["sentence"]


async def post_test(
    client: AsyncTestClient[Litestar], headers: dict[str, str], attempt: str, pupil: dict[str, int], seen: list[str]
) -> bool:
    """The post-test with other items; whether it earned the credit, which then can be verified."""
    standing = body(await client.get(f"/api/v1/attempts/{attempt}", headers=headers), 200)
    assert [may["occasion"] for may in standing["may"] if may["action"] == "start"] == ["post_test"]
    session, after = await sit(client, headers, attempt, "post_test", pupil)
    assert not set(seen) & set(after)
    standing = body(await client.get(f"/api/v1/attempts/{attempt}", headers=headers), 200)
    assert (standing["state"] == "credited") == session["decision"]["passed"]
    if standing["state"] != "credited":
        return False
    assert standing["credit"]["hours"] == "1.5"
    credential = body(await client.get(f"/api/v1/attempts/{attempt}/credential", headers=headers), 200)
    assert body(await client.get(f"/api/v1/attempts/{attempt}/credential", headers=headers), 200) == credential
    verdict = body(await client.get(f"/api/v1/verify/{credential['uuid']}"), 200)
    assert verdict["status"] == "valid", verdict
    return True


async def test_pupils_walk_from_pre_test_to_credit(
    client: AsyncTestClient[Litestar],
    database: Database,
    institution: int,
    answers: ResponseTable,
    calibration: dict[str, Any],
    record_property: Any,
) -> None:
    booklets = estimate_ability(answers.responses, ItemParameters.from_records(calibration["items"]), method="eap")
    short, full, agreed, credited = [], [], 0, 0
    for place in np.random.default_rng(2011).choice(len(answers.person_ids), N_PUPILS, replace=False):
        given = answers.responses[place]
        pupil = {item: int(value) for item, value in zip(answers.item_ids, given, strict=True) if value >= 0}
        headers = await enrol(database, institution, answers.person_ids[place])
        opened = await client.post("/api/v1/attempts", json={"assessment": "timss-mathematics"}, headers=headers)
        attempt = body(opened, 201)["uuid"]
        decision, seen = await pre_test(client, headers, attempt, pupil)
        short.append(decision["theta"])
        full.append(booklets.theta[place])
        agreed += decision["passed"] == bool(booklets.theta[place] >= -0.5)
        if decision["passed"]:
            credited += await post_test(client, headers, attempt, pupil, seen)
        else:
            await stopped(client, headers, attempt)
    agreement = float(np.corrcoef(short, full)[0, 1])
    record_property("agreement", json.dumps({"correlation": agreement, "same_decision": agreed / N_PUPILS}))
    print(f"\n{N_PUPILS} pupils: r = {agreement:.3f}, same decision {agreed}/{N_PUPILS}, credited {credited}")
    assert agreement > 0.75
    assert agreed / N_PUPILS >= 0.75
    assert 0 < credited < N_PUPILS
