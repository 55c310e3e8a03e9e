"""The life of an item: which changes are allowed, and what an edit takes away."""

from itertools import product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from itembank.exchange.items_file import read_items
from itembank.items import Item
from itembank.lifecycle import ALLOWED, MEANING, Standing, State, TransitionRefused, calibrated, edit_of, edited, move

REPLACE = msgspec.structs.replace


def item() -> Item:
    return read_items(b"item_id,key,stem,options\nq,A,Stem,1|2\n")[0][0]


READY = Standing(key="q", state="pretest", version=3, calibrated=True)
STATES = tuple(MEANING)


@pytest.mark.parametrize(("start", "to"), list(product(STATES, STATES)))
def test_only_the_drawn_ways_are_open(start: State, to: State) -> None:
    standing = REPLACE(READY, state=start)
    if to in ALLOWED[start]:
        after = move(standing, to, "because", item())
        assert (after.state, after.reason, after.version) == (to, "because", 3)
    else:
        with pytest.raises(TransitionRefused, match=f"is {start} and cannot become {to}"):
            move(standing, to, "because", item())


def test_nothing_leaves_retirement_and_everything_can_reach_it() -> None:
    assert ALLOWED["retired"] == ()
    assert all("retired" in ways for state, ways in ALLOWED.items() if state != "retired")


def test_a_reason_is_asked_for() -> None:
    with pytest.raises(TransitionRefused, match="say why"):
        move(READY, "retired", "  ", item())


def test_only_a_calibrated_item_counts() -> None:
    with pytest.raises(TransitionRefused, match="version 3 has no parameters"):
        move(REPLACE(READY, calibrated=False), "operational", "good", item())
    fresh = move(Standing(key="q"), "pretest", "reviewed", item())
    after = calibrated(fresh, 1)
    assert move(after, "operational", "fits well", item()).state == "operational"


def test_an_item_that_cannot_be_shown_or_scored_is_held_back() -> None:
    no_stem = read_items(b"item_id,key\nq,A\n")[0][0]
    with pytest.raises(TransitionRefused, match="not deliverable \\(no stem\\)"):
        move(Standing(key="q"), "pretest", "reviewed", no_stem)
    keyless = REPLACE(item(), scoring=REPLACE(item().scoring, rule="none"))
    with pytest.raises(TransitionRefused, match="has no key"):
        move(Standing(key="q"), "pretest", "reviewed", keyless)


def test_parameters_of_an_old_version_change_nothing() -> None:
    standing = Standing(key="q", state="pretest", version=2)
    assert calibrated(standing, 1) == standing
    assert calibrated(standing, 2).calibrated
    with pytest.raises(TransitionRefused, match="no version 3 yet"):
        calibrated(standing, 3)


def test_edits_make_versions_and_take_parameters_away_when_the_question_changes() -> None:
    before = item()
    standing = REPLACE(READY, state="operational")
    assert edited(standing, before, item()) == standing
    relabelled = REPLACE(before, facts=REPLACE(before.facts, level="L2"))
    assert edit_of(before, relabelled) == "facts"
    after = edited(standing, before, relabelled)
    assert (after.state, after.version, after.calibrated) == ("operational", 4, True)
    reworded = REPLACE(before, content=REPLACE(before.content, body=before.content.body.replace("Stem", "Stamm")))
    after = edited(standing, before, reworded)
    assert (after.state, after.version, after.calibrated) == ("draft", 4, False)
    rekeyed = REPLACE(before, scoring=REPLACE(before.scoring, max_category=2))
    assert edit_of(before, rekeyed) == "answering"


def test_retired_items_and_other_items_are_not_edited() -> None:
    before = item()
    reworded = REPLACE(before, title="new")
    with pytest.raises(TransitionRefused, match="retired"):
        edited(REPLACE(READY, state="retired"), before, reworded)
    with pytest.raises(TransitionRefused, match="make a new item"):
        edited(READY, before, REPLACE(before, key="other"))


@given(st.lists(st.sampled_from(STATES), max_size=12))
def test_versions_never_move_by_a_change_of_state(path: list[State]) -> None:
    standing = READY
    for to in path:
        if to in ALLOWED[standing.state]:
            standing = move(standing, to, "because", item())
    assert (standing.version, standing.key, standing.calibrated) == (3, "q", True)
