"""The advisor's queue, cohort maps that tell nothing about one person, and whether advice helped."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.advising import (
    STATES,
    LearnerStanding,
    Profile,
    advice_followed,
    group_match,
    heat_map,
    heat_map_csv,
    match,
    queue,
    suppress,
)
from engine.gap_report import NextStep, Target, report_gaps
from engine.messages import say
from engine.policies import preset
from tests.engine.gap_report.test_report import DOMAINS, FRAMEWORK, NOW, TARGETS, evidence
from tests.engine.story import Story

ZONE = ZoneInfo("America/New_York")


def report(theta: tuple[float, float, float]):
    story = Story(preset("kctcs"))
    story.sits("pre_test", "2027-01-04 10:00", 50)
    journey = story.now("2027-01-05 10:00")
    return report_gaps(evidence(theta), DOMAINS, TARGETS, FRAMEWORK, journey, NOW, cut_percent=69.0)


def standing(learner: str, story: Story, at: str, theta: tuple[float, float, float] | None = None) -> LearnerStanding:
    return LearnerStanding(
        learner=learner, journey=story.now(at), latest=story.events[-1].at, report=report(theta) if theta else None
    )


def test_the_queue_says_whom_to_see_first_and_why() -> None:
    stuck, waiting, near, quiet, done = (Story(preset("wgu")) for _ in range(5))
    for story in (stuck, waiting, near, quiet, done):
        story.sits("pre_test", "2027-01-04 10:00", 80)
    stuck.sits("post_test", "2027-01-05 10:00", 50)
    stuck.approved("2027-01-06 10:00")
    stuck.sits("post_test", "2027-01-07 10:00", 50)
    stuck.approved("2027-01-07 11:00")
    waiting.sits("post_test", "2027-01-05 10:00", 50)
    done.sits("post_test", "2027-01-05 10:00", 90)
    done.credited("2027-01-05 10:00")
    now = datetime(2027, 1, 8, 15, tzinfo=UTC)
    seen = queue(
        [
            standing("stuck", stuck, "2027-01-08 10:00"),
            standing("waiting", waiting, "2027-01-08 10:00"),
            standing("near", near, "2027-01-08 10:00", (2.0, 2.0, -0.5)),
            standing("quiet", quiet, "2027-01-08 10:00", (-2.0, -2.0, -2.0)),
            standing("done", done, "2027-01-08 10:00"),
        ],
        now,
        ZONE,
    )
    assert [(entry.learner, entry.reason) for entry in seen] == [
        ("waiting", "waiting_approval"),
        ("near", "one_gap"),
        ("stuck", "stuck"),
    ]
    assert say(seen[1].said) == "One competency from credit: Fits a line."
    later = queue([standing("quiet", quiet, "2027-01-08 10:00")], datetime(2027, 1, 25, 17, tzinfo=UTC), ZONE)
    assert [entry.reason for entry in later] == ["inactive"]


@given(st.lists(st.integers(0, 30), min_size=4, max_size=4), st.integers(2, 8))
def test_suppressed_cells_cannot_be_recomputed(counts: list[int], smallest: int) -> None:
    row = suppress(counts, smallest)
    hidden = [count for count, shown in zip(counts, row) if shown is None]
    assert all(shown is None or shown == count for shown, count in zip(row, counts))
    assert all(shown is None or shown == 0 or shown >= smallest for shown in row)
    if any(0 < count < smallest for count in counts):
        assert len(hidden) >= 2
        assert sum(hidden) >= smallest or len(hidden) == 4


def test_a_small_cohort_shows_nothing() -> None:
    heat = heat_map([report((2.0, 0.8, -2.0))] * 4)
    assert heat.n_learners is None
    assert set(heat.counts[0]) == {None}


def test_a_cohort_map_counts_and_exports() -> None:
    heat = heat_map([report((2.0, 0.8, -2.0))] * 12)
    assert heat.n_learners == 12
    assert dict(zip(heat.competencies, heat.counts))["read"][STATES.index("met")] == 12
    assert heat_map_csv(heat).splitlines()[0] == "competency,met,likely_met,not_yet,not_enough_evidence"
    assert heat_map_csv(heat).splitlines()[1] == "read,12,0,0,0"
    mixed = heat_map([report((2.0, 0.8, -2.0))] * 12 + [report((-2.0, 0.8, -2.0))] * 2)
    assert heat_map_csv(mixed).splitlines()[1].count("suppressed") >= 2
    assert msgspec.json.decode(msgspec.json.encode(heat))["n_learners"] == 12


def test_whether_the_advised_gap_closed() -> None:
    steps = (
        NextStep(competency="model", gain=0.2, probability_before=0.3),
        NextStep(competency="compare", gain=0.1, probability_before=0.3),
    )
    advised = advice_followed(steps, report((2.0, -2.0, -2.0)), report((2.0, -2.0, 2.0)))
    assert [(one.competency, one.before, one.after, one.closed) for one in advised] == [
        ("model", "not_yet", "met", True),
        ("compare", "not_yet", "not_yet", False),
    ]


def test_a_person_and_a_group_against_a_role() -> None:
    role = Profile(
        key="analyst",
        title="Analyst",
        targets=(TARGETS["read"], TARGETS["model"], Target(competency="speak", cut_theta=0, cut_percent=50)),
    )
    seen = evidence((2.0, 0.0, -2.0))
    one = match(role, seen)
    assert (one.states["read"], one.states["model"], one.states["speak"]) == ("met", "not_yet", "not_enough_evidence")
    assert (one.n_met, one.unmeasured) == (1, ("speak",))
    assert group_match([one] * 10).counts[0][0] == 10
    assert group_match([one] * 3).n_learners is None


@pytest.mark.parametrize("counts", [[0, 0, 0, 0], [9, 9, 9, 9]])
def test_rows_without_small_cells_stay_whole(counts: list[int]) -> None:
    assert suppress(counts, 5) == tuple(counts)
