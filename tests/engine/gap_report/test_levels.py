"""Which level a cut lies at, and the sentences that say what it means."""

import numpy as np
import pytest

from engine.gap_report.levels import can_do, difficulty_by_level, inside, required_level
from engine.messages import LANGUAGES, say
from itembank.competencies import Competency
from psychometrics.models.base import ItemParameters

MEDIANS = {"working": 0.0, "foundation": -1.2, "advanced": 1.1}
TABLES = Competency(
    key="tables",
    statement="Reads tables.",
    can_do=("Foundation: finds values in tables.", "Working: computes shares", "Advanced: sees through indices"),
)


@pytest.mark.parametrize(
    "cut, level",
    [
        (-3.0, "foundation"),
        (-1.2, "foundation"),
        (-0.1, "foundation"),
        (0.0, "working"),
        (1.0, "working"),
        (2, "advanced"),
    ],
)
def test_the_level_is_the_hardest_that_is_half_mastered_at_the_cut(cut: float, level: str) -> None:
    assert required_level(cut, MEDIANS) == level


def test_without_levels_there_is_none() -> None:
    assert required_level(0.0, {}) == ""


def test_the_can_do_sentence_follows_the_cut() -> None:
    said = [say(found) for cut in (-2.0, 0.5, 1.5) if (found := can_do(TABLES, cut, MEDIANS))]
    assert said == [
        "The required level is “Foundation”: finds values in tables.",
        "The required level is “Working”: computes shares.",
        "The required level is “Advanced”: sees through indices.",
    ]


def test_without_a_level_that_matches_all_of_them_are_said() -> None:
    found = can_do(TABLES, 0.5, {"expert": 0.0})
    assert found is not None
    assert say(found) == (
        "At the required level you can say: Foundation: finds values in tables; Working: computes shares; "
        "Advanced: sees through indices."
    )
    assert can_do(Competency(key="k", statement="K"), 0.5, MEDIANS) is None


def test_every_language_says_the_level() -> None:
    found = can_do(TABLES, 0.5, MEDIANS)
    assert found is not None
    assert all("Working" in say(found, language) and ".." not in say(found, language) for language in LANGUAGES)


def test_a_statement_loses_its_full_stop_inside_a_sentence() -> None:
    assert inside(" Reads tables. ") == "Reads tables"


def test_medians_by_competency_and_level_against_numpy() -> None:
    rng = np.random.default_rng(3)
    difficulty = rng.normal(size=60)
    competency = [("a", "b")[n % 2] for n in range(60)]
    level = [("low", "high", None)[n % 3] for n in range(60)]
    found = difficulty_by_level(ItemParameters.logistic(np.ones(60), difficulty), competency, level)
    for key in ("a", "b"):
        for name in ("low", "high"):
            own = [d for d, c, one in zip(difficulty, competency, level) if (c, one) == (key, name)]
            assert found[key][name] == pytest.approx(float(np.median(own)), abs=1e-12)
        assert set(found[key]) == {"low", "high"}


def test_an_item_with_steps_lies_at_their_mean() -> None:
    record = {"item_id": "i", "model": "gpcm", "n_categories": 3, "discrimination": 1.0, "steps": [-1.0, 2.0]}
    items = ItemParameters.from_records([record])
    assert difficulty_by_level(items, ["a"], ["low"]) == {"a": {"low": pytest.approx(0.5)}}
