"""The sample institution of `assay demo`: a bank of the project's own writing, calibrated on simulated answers."""

import asyncio
import json
from decimal import Decimal
from importlib.resources import files
from typing import Any

import numpy as np

from api.sample_cohort import seed_cohort
from api.settings import from_environment
from engine.credit import Course, Part
from engine.policies.documents import read_policy
from engine.storage import assessments
from engine.workflows.publish_assessment import publish_assessment
from engine.workflows.publish_course import publish_course
from itembank.exchange.files import read_framework_file, read_items_file
from itembank.storage import accounts, calibrations, institutions
from itembank.storage.banks import find as find_bank
from itembank.storage.database import Database
from itembank.workflows.import_bank import import_bank
from itembank.workflows.keep_calibration import keep_calibration

KEY = "sample"
BANK = "data-literacy"
N_PERSONS = 3000
SEED = 20260115

COURSE = Course(
    key="data-skills", title="Certificate in data skills", parts=(Part(module="data-literacy", hours=Decimal("0.6")),)
)
ACCOUNTS = {
    "demo-learner": (["learner"], "Lina Okafor"),
    "demo-author": (["author", "psychometrician", "registrar"], "Amir Haddad"),
    "demo-advisor": (["advisor"], "Ada Lindqvist"),
    "demo-verifier": (["verifier"], "Vera Moreau"),
}


async def seed(database: Database, owner_dsn: str) -> int:
    """Make the sample institution, or bring it up to what this version ships; returns its id.

    What is there already is left alone: a second start changes nothing.
    """
    institution_id = await institutions.create(
        owner_dsn, KEY, "Riverbank College (sample)", time_zone="Europe/London", is_sample=True
    )
    people: dict[str, int] = {}
    async with database.transaction(institution_id) as connection:
        for pseudonym, (roles, name) in ACCOUNTS.items():
            people[pseudonym] = await accounts.create(connection, institution_id, pseudonym, roles, name)
    await _bank(database, institution_id)
    await _assessment(database, institution_id, people["demo-author"])
    await seed_cohort(database, owner_dsn, institution_id, people, from_environment().public_url)
    await publish_course(database, institution_id, COURSE, people["demo-author"])
    return institution_id


async def _bank(database: Database, institution_id: int) -> None:
    folder = files("sample")
    items = [
        item
        for path in sorted((folder / "items").iterdir(), key=lambda path: path.name)
        for item in read_items_file(path)[0]
    ]
    framework = read_framework_file(folder / "framework.csv", key=BANK, title="Data literacy at work")
    await import_bank(database, institution_id, BANK, items, framework=framework, title="Data literacy at work")
    async with database.transaction(institution_id) as connection:
        bank = await find_bank(connection, BANK)
        assert bank is not None
        calibrated = await calibrations.latest(connection, bank.id) is not None
    if not calibrated:
        document, origin = await asyncio.to_thread(_calibrate)
        await keep_calibration(database, institution_id, BANK, document, origin=origin)


def _calibrate() -> tuple[dict[str, Any], str]:
    from api.reports.observed import written_down
    from psychometrics import calibrate
    from psychometrics.fit import calibration_fit
    from sample.field_test import simulate_field_test

    rows = [
        json.loads(line)
        for path in sorted((files("sample") / "items").iterdir(), key=lambda path: path.name)
        for line in path.read_text("utf-8").splitlines()
    ]
    field_test = simulate_field_test(rows, N_PERSONS, SEED)
    competencies = {row["item_id"]: row["competency"] for row in rows}
    responses = np.asarray(field_test.responses)
    result = calibrate(
        responses,
        "2pl",
        item_id=field_test.item_id,
        dimensions=[competencies[item_id] for item_id in field_test.item_id],
    )
    document = result.to_document()
    for record, fit in zip(document["items"], calibration_fit(result, responses).to_records()):
        record["fit"] = fit
        record["competency"] = competencies[record["item_id"]]
    document["observed"] = written_down(document, responses)
    return document, field_test.origin


async def _assessment(database: Database, institution_id: int, author: int) -> None:
    policy = read_policy((files("sample") / "assessments" / "data-literacy.toml").read_bytes())
    async with database.transaction(institution_id) as connection:
        published = await assessments.current(connection, policy.key)
    if published is None:
        await publish_assessment(database, institution_id, policy, BANK, author)
