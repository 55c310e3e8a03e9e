"""An institution to press: 1,000 calibrated items, content and stopping rules, learners whose sittings have begun."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np

from engine.policies.documents import read_policy
from engine.workflows.open_attempt import open_attempt
from engine.workflows.publish_assessment import publish_assessment
from engine.workflows.shelf import Shelf
from engine.workflows.take_session import start_session
from itembank.competencies import Competency, Framework
from itembank.exchange.items_file import read_items
from itembank.storage import accounts, institutions
from itembank.storage.database import Database
from itembank.workflows.import_bank import import_bank
from itembank.workflows.keep_calibration import keep_calibration

N_ITEMS = 1000
COMPETENCIES = tuple(f"field-{letter}" for letter in "abcde")
POLICY = """
key = "pressed"
title = "A test that many take at once"
time_zone = "UTC"

[[occasions]]
key = "pre_test"
cut = { scale = "theta", value = 0.0 }
decision = { kind = "score" }
maximum = 9
time_limit_minutes = 240

[occasions.design]
name = "Pressed"

[[occasions.design.content.constraints]]
type = "count"
attribute = "competency"
min = 3
max = 9

[occasions.design.stopping]
min_items = 15
max_items = 30
rule = { type = "confidence_interval", alpha = 0.0001 }

[occasions.design.decision]
cut_theta = [0.0]

[credit]
hours = "1.0"
needs = ["pre_test"]
graded_by = "pre_test"
"""


@dataclass(frozen=True, slots=True)
class Seat:
    """One learner in front of a sitting that shows its first item."""

    secret: str
    session: UUID
    attempt: UUID


def write_items(path: Path, n_items: int = N_ITEMS) -> Path:
    """Choice items with four options, a paragraph of text each."""
    rows = ["item_id,competency,key,max_score,type,stem,options"]
    text = "A paragraph in which the situation is described before the question is asked. " * 3
    for number in range(n_items):
        competency = COMPETENCIES[number % len(COMPETENCIES)]
        options = "|".join(f"choice {letter} of item {number}" for letter in "ABCD")
        rows.append(f'item-{number:04d},{competency},{"ABCD"[number % 4]},1,choice,"{text}{number}?",{options}')
    path.write_text("\n".join(rows))
    return path


def parameters(n_items: int = N_ITEMS, seed: int = 1) -> dict[str, object]:
    """A calibration document of two-parameter items."""
    rng = np.random.default_rng(seed)
    items = [
        {
            "item_id": f"item-{number:04d}", "competency": COMPETENCIES[number % len(COMPETENCIES)], "model": "2pl",
            "n_responses": 1000, "discrimination": float(rng.lognormal(0.0, 0.3)),
            "difficulty": float(rng.normal()), "guessing": 0.0, "upper": 1.0, "thresholds": [], "steps": [],
            "standard_error": {}, "fit": {},
        }
        for number in range(n_items)
    ]  # fmt: skip
    group = {"group": "all", "mean": 0.0, "sd": 1.0, "n_persons": 1000}
    return {"assay": "calibration/1", "log_likelihood": -1.0, "status": "converged", "n_iterations": 1,
            "n_persons": 1000, "n_responses": 1000 * n_items, "groups": [group], "correlations": [],
            "items": items}  # fmt: skip


async def furnish(owner_dsn: str, folder: Path, n_items: int = N_ITEMS, policy: str = POLICY) -> int:
    """Make the institution with its bank and its published assessment; returns its id."""
    institution_id = await institutions.create(owner_dsn, "pressed", "The pressed institution")
    database = Database(owner_dsn)
    items, report = read_items(write_items(folder / "items.csv", n_items))
    assert report.refused == ()
    framework = Framework(
        key="pressed", title="Pressed", competencies=tuple(Competency(key=key, statement=key) for key in COMPETENCIES)
    )
    await import_bank(database, institution_id, "pressed", items, framework=framework)
    await keep_calibration(database, institution_id, "pressed", parameters(n_items), origin="simulated")
    async with database.transaction(institution_id) as connection:
        author = await accounts.create(connection, institution_id, "author", ["psychometrician"])
    await publish_assessment(database, institution_id, read_policy(policy), "pressed", author)
    await database.close()
    return institution_id


async def seat_learners(owner_dsn: str, institution_id: int, n_seats: int, name: str = "learner") -> list[Seat]:
    """As many learners, each in front of the first item of a sitting of their own."""
    database, shelf, few = Database(owner_dsn), Shelf(), asyncio.Semaphore(8)

    async def seat(number: int) -> Seat:
        async with few:
            async with database.transaction(institution_id) as connection:
                account = await accounts.create(connection, institution_id, f"{name}-{number}", ["learner"])
                secret = await accounts.add_key(connection, institution_id, account, "load")
            view, _ = await open_attempt(database, shelf, institution_id, account, f"{name}-{number}", "pressed")
            step = await start_session(database, shelf, institution_id, account, view.attempt.uuid, "pre_test")
            return Seat(secret, step.session.uuid, view.attempt.uuid)

    seats = await asyncio.gather(*(seat(number) for number in range(n_seats)))
    await database.close()
    return list(seats)
