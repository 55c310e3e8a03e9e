"""A tiny module whose items are answered in one's own words, each rightly by "right"."""

from engine.policies.documents import read_policy
from engine.workflows.publish_assessment import publish_assessment
from itembank.competencies import Competency, Framework
from itembank.items import Interaction, Item, ItemContent, ItemFacts, ItemScoring, ResponseDeclaration
from itembank.storage.database import Database
from itembank.workflows.import_bank import import_bank
from itembank.workflows.keep_calibration import keep_calibration

POLICY = """
key = "words"
title = "Words"
[[occasions]]
key = "post_test"
cut = { scale = "theta", value = 0.0 }
design = { name = "post", stopping = { min_items = 3, max_items = 4 } }
[credit]
hours = "0.1"
"""


def typed_item(number: int) -> Item:
    """An item that is answered in one's own words."""
    asked = Interaction(kind="text_entry", response="RESPONSE")
    declared = ResponseDeclaration(identifier="RESPONSE", base_type="string", correct=("right",))
    return Item(
        key=f"word-{number}",
        content=ItemContent(
            body=f'<p>Say it in a word ({number}). <span data-interaction="RESPONSE"></span></p>', interactions=(asked,)
        ),
        scoring=ItemScoring(responses=(declared,)),
        facts=ItemFacts(competencies=("words",)),
    )


async def publish_words(database: Database, n_items: int = 6, policy: str = POLICY) -> None:
    """A bank of typed items with an assessment on it."""
    items = [typed_item(number) for number in range(n_items)]
    framework = Framework(key="words", title="Words", competencies=(Competency(key="words", statement="Words"),))
    await import_bank(database, 1, "words", items, framework=framework)
    records = [
        {
            "item_id": item.key, "competency": "words", "model": "2pl", "n_responses": 500, "discrimination": 1.0,
            "difficulty": float(place % 6 - 2), "guessing": 0.0, "upper": 1.0, "thresholds": [], "steps": [],
        }
        for place, item in enumerate(items)
    ]  # fmt: skip
    document = {
        "assay": "calibration/1", "log_likelihood": -1.0, "status": "converged", "n_iterations": 1, "n_persons": 500,
        "n_responses": 3000, "groups": [{"group": "all", "mean": 0.0, "sd": 1.0, "n_persons": 500}],
        "correlations": [], "items": records,
    }  # fmt: skip
    await keep_calibration(database, 1, "words", document, origin="made up for this test")
    await publish_assessment(database, 1, read_policy(policy), "words", 1)
