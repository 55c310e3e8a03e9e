"""The rules on answers of real people to a real test: 1,525 persons, 16 questions in four families, raw choices and
key."""

import csv
from pathlib import Path

import numpy as np
import pytest

from engine.flags import Criteria, Evidence, Seen
from engine.flags.pairs import answer_similarity
from engine.flags.sittings import person_misfit
from psychometrics import calibrate

ASSUMED = 0.7
"""Between the four families; the public file says nothing about it."""


@pytest.fixture(scope="module")
def answers(shared_data: Path) -> Evidence:
    folder = shared_data / "icar16"
    with (folder / "answers.csv").open() as file:
        head, *rows = list(csv.reader(file))
    with (folder / "key.csv").open() as file:
        key = {row["item_id"]: int(row["key"]) for row in csv.DictReader(file)}
    raw = np.array([[int(value) if value.isdigit() else -1 for value in row[1:]] for row in rows])
    scored = np.where(raw < 0, -1, raw == [key[name] for name in head[1:]]).astype(np.int8)
    families = [name.split(".")[0] for name in head[1:]]
    known = sorted(set(families))
    person, item = np.nonzero(scored >= 0)
    return Evidence(
        sittings=tuple(Seen(id=place, learner=place, population="everybody") for place in range(len(raw))),
        item_ids=tuple(range(16)), parameters=calibrate(scored, "2pl", item_id=head[1:]).items,
        entry_item=np.arange(16), dimension=np.array([known.index(name) for name in families]),
        correlations=np.where(np.eye(4) == 1, 1.0, ASSUMED), sitting=person, item=item, entry=item,
        category=scored[person, item].astype(np.int64), option=raw[person, item] + 100 * item,
        letter=raw[person, item], seconds=np.full(len(person), np.nan), at=np.arange(len(person), dtype=float),
    )  # fmt: skip


def test_those_who_always_press_the_same_letter_are_no_pair(answers: Evidence) -> None:
    """Over a million pairs; without looking at habits some 300 pairs of one-letter sheets would be flagged."""
    flags, judged = answer_similarity(answers, Criteria())
    assert judged.n_judged > 1_000_000
    assert flags == []
    blind = Evidence(**{name: getattr(answers, name) for name in answers.__dataclass_fields__} | {
        "letter": np.arange(len(answers.letter))
    })  # fmt: skip
    assert len(answer_similarity(blind, Criteria())[0]) > 100


def test_person_fit_keeps_its_promise(answers: Evidence) -> None:
    """At most what the level promises of honest sittings, and four standard deviations more: 7.6 + 11."""
    flags, judged = person_misfit(answers, Criteria())
    assert judged.n_judged > 1_500
    assert judged.by_chance is not None
    assert len(flags) <= judged.by_chance + 4 * np.sqrt(judged.by_chance)
