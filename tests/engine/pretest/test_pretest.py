"""Where pretest items stand in a sitting, which may stand there, and what a design may ask for."""

from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.designs import Design, DesignError, ModuleDesign, PretestDesign, StoppingDesign
from engine.frozen_bank import FrozenBank
from engine.pretest import or_pretest, pretest_items, pretest_places
from engine.selection.next_item import NextItem
from engine.sessions import Administered
from itembank.exchange.item_forms import choice_item
from itembank.items import Item, ItemFacts
from psychometrics.models.base import ItemParameters

OPERATIONAL = 5


def design(items: int, *, first: int = 3, last: int | None = None, shortest: int = 8) -> Design:
    wanted = PretestDesign(items=items, first_position=first, last_position=last)
    return Design(name="d", stopping=StoppingDesign(min_items=shortest, max_items=20), pretest=wanted)


def bank(enemies: dict[str, tuple[str, ...]], n_pretest: int = 4) -> FrozenBank:
    items = tuple(item(f"i{number}", enemies) for number in range(OPERATIONAL + n_pretest))
    pretest = (False,) * OPERATIONAL + (True,) * n_pretest
    return FrozenBank(
        version_id=1, version_uuid="v", key="b", number=1, parameter_version="p", items=items,
        item_ids=tuple(100 + place for place in range(len(items))), pretest=pretest, competency=("c",) * OPERATIONAL,
        parameters=ItemParameters.logistic(np.ones(OPERATIONAL), 0.0), tables=(((0.5,), (0.5,)),) * OPERATIONAL,
        grid=((0.0,), (1.0,)), dimensions=(), correlations=(),
    )  # fmt: skip


def item(key: str, enemies: dict[str, tuple[str, ...]]) -> Item:
    formed = choice_item(f"Question {key}", ("a", "b"), {"A": 1.0})
    facts = ItemFacts(competencies=("c",), enemies=enemies.get(key, ()))
    return Item(key=key, content=formed.content, scoring=formed.scoring, facts=facts)


def shown(*positions: int) -> list[Administered]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Administered(
            position=k,
            bank_position=place,
            item_id=100 + place,
            is_pretest=place >= OPERATIONAL,
            shown_at=at,
            category=0,
        )
        for k, place in enumerate(positions)
    ]


@given(st.text(), st.integers(0, 5), st.integers(1, 8), st.integers(8, 20))
def test_as_many_places_as_asked_for_before_the_shortest_test_can_end(
    key: str, items: int, first: int, shortest: int
) -> None:
    asked = design(items, first=first, shortest=shortest)
    places = pretest_places(asked, key)
    assert len(places) == items
    assert all(first - 1 <= place <= shortest + items - 2 for place in places)
    for place in places:
        counted_before = place - sum(other < place for other in places)
        assert counted_before < shortest, "a sitting cannot have ended before this question"
    assert pretest_places(asked, key) == places


def test_all_places_are_alike() -> None:
    asked = design(2, first=3, last=10)
    often = Counter(place for key in range(4000) for place in pretest_places(asked, str(key)))
    assert set(often) == set(range(2, 10))
    expected = 4000 * 2 / 8
    chi_square = sum((n - expected) ** 2 / expected for n in often.values())
    assert chi_square < 24.3, "chi-square of 7 degrees of freedom, 0.1 %"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: design(1, first=9, shortest=8), "shortest test of 8 items"),
        (lambda: design(3, first=5, last=6), "do not fit between questions 5 and 6"),
        (lambda: design(-1), "0 to 100"),
        (lambda: design(1, first=0), "at least 1"),
    ],
)
def test_designs_that_cannot_seed_are_refused(wrong: object, words: str) -> None:
    with pytest.raises(DesignError, match=words):
        wrong()  # type: ignore[operator]


def test_the_shortest_form_of_each_kind() -> None:
    modules = tuple(
        ModuleDesign(key=key, stage=stage, items=tuple(f"{key}{n}" for n in range(size)))
        for key, stage, size in (("a", 1, 4), ("b", 2, 3), ("c", 2, 6))
    )
    assert Design(name="m", form="multistage", modules=modules).shortest == 7
    assert Design(name="l", form="linear", items=("x", "y")).shortest == 2


def test_the_chosen_item_comes_later_and_only_at_the_places() -> None:
    found, asked, chosen = bank({}), design(2), NextItem(0)
    places = pretest_places(asked, "key")
    for position in range(12):
        before = shown(*([0] * position))
        got = or_pretest(asked, found, "key", before, pretest_items(found, set(), None), chosen)
        assert found.pretest[got.item] == (position in places)


def test_items_are_drawn_evenly_and_never_twice() -> None:
    found, asked = bank({}), design(1, first=1, last=1)
    candidates = pretest_items(found, set(), None)
    drawn = Counter(or_pretest(asked, found, str(k), [], candidates, NextItem(0)).item for k in range(2000))
    assert set(drawn) == {5, 6, 7, 8}
    assert max(drawn.values()) < 1.25 * min(drawn.values())
    both = design(2, first=1, last=2)
    for key in map(str, range(50)):
        first = or_pretest(both, found, key, [], candidates, NextItem(0)).item
        assert or_pretest(both, found, key, shown(first), candidates, NextItem(0)).item != first


def test_what_a_learner_saw_and_enemies_are_not_seeded() -> None:
    found = bank({"i5": ("i0",), "i1": ("i6",), "i7": ("i8",)})
    assert found.seedable == (7, 8), "5 names an operational enemy, 6 is named by one"
    assert pretest_items(found, {107}, None) == (8,)
    assert pretest_items(found, set(), [0, 1]) == ()
    asked = design(2, first=1, last=2)
    after = or_pretest(asked, found, "k", shown(7), (7, 8), NextItem(3))
    assert after == NextItem(3), "8 is the enemy of 7, so nothing is seeded"


def test_a_bank_with_pretest_items_in_between_is_refused() -> None:
    sound = bank({})
    with pytest.raises(ValueError, match="behind the operational"):
        FrozenBank(**{**vars(sound), "pretest": (True, *sound.pretest[1:])})
