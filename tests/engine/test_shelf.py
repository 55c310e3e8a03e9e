"""What a process keeps of publications is bounded by their items, and what it keeps of scores by their number."""

import dataclasses

import pytest

from engine.frozen_bank import FrozenBank
from engine.workflows import shelf
from engine.workflows.shelf import SCORES_EACH, Publication, Shelf
from itembank.errors import BankError
from itembank.items import Interaction, Item, ItemContent, ItemScoring, ResponseDeclaration


def typed(n_items: int) -> list[Item]:
    asked = Interaction(kind="text_entry", response="R")
    declared = ResponseDeclaration(identifier="R", base_type="string", correct=("right",))
    return [
        Item(
            key=f"item-{place}", content=ItemContent(body="<p>Say it.</p>", interactions=(asked,)),
            scoring=ItemScoring(responses=(declared,)),
        )
        for place in range(n_items)
    ]  # fmt: skip


def publication(n_items: int) -> Publication:
    """A publication of which nothing is asked but its items."""
    bank = object.__new__(FrozenBank)
    object.__setattr__(bank, "items", tuple(typed(n_items)))
    return Publication(version=None, bank=bank, framework=None)  # type: ignore[arg-type]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of what was loaded; the id is the number of items."""
    ids: list[int] = []

    async def load(_: object, assessment_version_id: int) -> Publication:
        ids.append(assessment_version_id)
        return publication(assessment_version_id)

    monkeypatch.setattr(shelf, "load_publication", load)
    return ids


async def ask(kept: Shelf, *ids: int) -> None:
    for one in ids:
        assert len((await kept.publication(None, one)).bank) == one  # type: ignore[arg-type]


async def test_large_publications_push_out_those_used_longest_ago(loaded: list[int]) -> None:
    kept = Shelf(room=10)
    await ask(kept, 3, 4, 3, 2, 3)
    assert loaded == [3, 4, 2], "nine items fit"
    await ask(kept, 5, 3, 2)
    assert loaded == [3, 4, 2, 5], "the one of four went"
    await ask(kept, 4)
    assert loaded[-1] == 4


async def test_one_that_is_larger_than_the_room_is_kept_alone(loaded: list[int]) -> None:
    kept = Shelf(room=10)
    await ask(kept, 3, 12, 12, 3)
    assert loaded == [3, 12, 3]


def test_scores_are_kept_for_so_many_answers_an_item() -> None:
    found = publication(2)
    for number in range(3 * SCORES_EACH):
        assert found.scored(0, {"R": [f"answer {number}"]}).score == 0.0
    assert len(found._scores) == 2 * SCORES_EACH
    assert found.scored(1, {"R": ["right"]}).score == 1.0, "what is not kept is worked out"
    first = found.scored(0, {"R": ["answer 0"]})
    assert found.scored(0, {"R": ["answer 0"]}) is first
    long = publication(1)
    long.scored(0, {"R": ["x" * 200]})
    assert len(long._scores) == 0
    with pytest.raises(BankError):
        long.scored(0, {"NOWHERE": ["x"]})


def test_a_publication_is_never_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        publication(1).bank = publication(2).bank  # type: ignore[misc]
