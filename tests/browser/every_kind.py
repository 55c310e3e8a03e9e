"""An institution whose one test is a fixed form with a question of every kind, read from a QTI package."""

import io
from typing import Any

import msgspec
from PIL import Image, ImageDraw

from api.passwords import hashed
from engine.policies.documents import read_policy
from engine.workflows.publish_assessment import publish_assessment
from itembank.competencies import Competency, Framework
from itembank.exchange.files import read_items_bytes
from itembank.items import Item
from itembank.storage import accounts, institutions
from itembank.storage.database import Database
from itembank.workflows.import_bank import import_bank
from itembank.workflows.keep_account import AccountWish, keep_account
from itembank.workflows.keep_calibration import keep_calibration
from tests.itembank.qti import samples as s

KEY, PASSWORD = "kinds", "a long enough pass phrase"
LEARNERS = ("keyboard", "mouse")
ESSAY = (
    s.declare("string", "single", ["Because."]) + s.SCORE,
    '<extendedTextInteraction responseIdentifier="RESPONSE"><prompt>Why?</prompt></extendedTextInteraction>',
    s.MATCH,
)
POLICY = """
key = "kinds"
title = "Every kind of question"
competencies = ["all"]

[[occasions]]
key = "post_test"
cut = {{ scale = "theta", value = -3.0 }}
decision = {{ kind = "score" }}
maximum = 1

[occasions.design]
name = "Every kind"
form = "linear"
items = {items}

[credit]
hours = "1.0"
needs = ["post_test"]
graded_by = "post_test"

[disclosure]
language = "en"
"""


def map_picture() -> bytes:
    """A picture on which areas can be told apart."""
    picture = Image.new("RGB", (200, 100), "#cfe3d6")
    draw = ImageDraw.Draw(picture)
    draw.line((0, 80, 60, 40, 200, 60), fill="#4a7fb0", width=6)
    draw.ellipse((12, 12, 28, 28), fill="#7c5a3a")
    return as_png(picture)


def as_png(picture: Image.Image) -> bytes:
    holder = io.BytesIO()
    picture.save(holder, "PNG")
    return holder.getvalue()


def every_kind() -> tuple[list[Item], dict[str, bytes]]:
    """The items in the order of their names, with their pictures by hash."""
    head, body, processing = ESSAY
    files = {f"{name}.xml": s.sample(name) for name in s.SAMPLES}
    files["essay.xml"] = s.item(f"{head}<itemBody>{body}</itemBody>{processing}", identifier="essay")
    pictures = {"images/map.png": map_picture(), "images/n.png": as_png(Image.new("RGB", (9, 9), "#8f4310"))}
    resources = [(name.removesuffix(".xml"), "imsqti_item_xmlv2p2", name, "") for name in files]
    items, assets, report = read_items_bytes(s.package({**files, **pictures}, resources), "kinds.zip")
    assert report.refused == (), report
    facts = [msgspec.structs.replace(item.facts, competencies=("all",)) for item in items]
    return [msgspec.structs.replace(item, facts=own) for item, own in zip(items, facts)], assets


def right_answers() -> dict[str, dict[str, list[str]]]:
    """By item, an answer that is worth the most."""
    best = {name: max(s.answers(name), key=lambda pair: pair[1])[0] for name in s.SAMPLES}
    return best | {"essay": {"RESPONSE": ["Because."]}, "match": {"RESPONSE": ["L F", "M I"]}}


def parameters(item: Item) -> dict[str, Any]:
    """Any parameters that fit the item's categories; the form is fixed and nothing is measured here."""
    categories = item.scoring.max_category
    model = {"model": "2pl", "difficulty": 0.0, "steps": []} if categories == 1 else {
        "model": "gpcm", "difficulty": None, "steps": [0.0] * categories
    }  # fmt: skip
    return {"item_id": item.key, "competency": "all", "discrimination": 1.0, "guessing": 0.0, "upper": 1.0,
            "thresholds": [], "n_responses": 100, "standard_error": {}, "fit": {}, **model}  # fmt: skip


async def furnish(dsn: str) -> None:
    """The institution, its bank, its published test and its learners."""
    institution_id = await institutions.create(dsn, KEY, "The house of every kind")
    database = Database(dsn)
    items, assets = every_kind()
    framework = Framework(key=KEY, title="Kinds", competencies=(Competency(key="all", statement="Answers anything."),))
    await import_bank(database, institution_id, KEY, items, framework=framework, assets=assets)
    group = {"group": "all", "mean": 0.0, "sd": 1.0, "n_persons": 100}
    document = {"assay": "calibration/1", "log_likelihood": -1.0, "status": "converged", "n_iterations": 1,
                "n_persons": 100, "n_responses": 100 * len(items), "groups": [group], "correlations": [],
                "items": [parameters(item) for item in items]}  # fmt: skip
    await keep_calibration(database, institution_id, KEY, document, origin="assumed")
    async with database.transaction(institution_id) as connection:
        author = await accounts.create(connection, institution_id, "author", ["psychometrician"])
    policy = read_policy(POLICY.format(items=[item.key for item in items]))
    await publish_assessment(database, institution_id, policy, KEY, author)
    for name in LEARNERS:
        wish = AccountWish(pseudonym=name, roles=("learner",), name=name, password_hash=hashed(PASSWORD))
        await keep_account(database, institution_id, wish)
    await database.close()
