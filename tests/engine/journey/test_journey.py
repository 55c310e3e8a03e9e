"""The journey: states, attempts, voiding, revoking, accommodations, and the words of refusals."""

from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.accommodations import Accommodation, time_limit_seconds
from engine.admission import admit
from engine.events import (
    AccommodationSet,
    AttemptClosed,
    AttemptOpened,
    CreditRebased,
    FirstItemShown,
    SittingFinished,
    SittingRescored,
    SittingStarted,
)
from engine.journey import decide
from engine.periods import Period, after
from engine.policies import Eligibility, Lift, Occasion, Passed, PercentCut, Policy, Wait, policy_hash, preset, zone_of
from engine.refusals import JourneyRefused, tell
from tests.engine.story import Story, decision


def plain(**changes: object) -> Policy:
    occasion = Occasion(key="post_test", cut=PercentCut(value=70), maximum=2)
    base = preset("kctcs")
    return msgspec.structs.replace(base, occasions=(occasion,), lifts=(), **changes)


def test_a_start_without_a_first_item_uses_no_attempt() -> None:
    story = Story(plain())
    for place in range(5):
        story.add(SittingStarted(at=story.at("2027-01-04 10:00"), sitting=f"stuck{place}", occasion="post_test"))
    may = [p for p in story.now("2027-01-04 10:01").may if p.action == "start"]
    assert (may[0].attempt, may[0].attempts_left) == (1, 2)


def test_of_two_starts_only_the_later_shows_an_item() -> None:
    story = Story(plain())
    for key in ("a", "b"):
        story.add(SittingStarted(at=story.at("2027-01-04 10:00"), sitting=key, occasion="post_test"))
    with pytest.raises(JourneyRefused, match="replaced by a later start"):
        story.add(FirstItemShown(at=story.at("2027-01-04 10:00"), sitting="a"))
    story.add(FirstItemShown(at=story.at("2027-01-04 10:00"), sitting="b"))
    with pytest.raises(JourneyRefused, match="not waiting for its first item"):
        story.add(FirstItemShown(at=story.at("2027-01-04 10:00"), sitting="b"))


def test_an_open_sitting_bars_every_other() -> None:
    story = Story(preset("wgu"))
    story.begins("pre_test", "2027-01-04 10:00")
    journey = story.now("2027-01-04 10:05")
    assert journey.state == "sitting"
    assert "sitting_open" in story.rules("pre_test", "2027-01-04 10:05")
    assert "sitting_open" in story.rules("post_test", "2027-01-04 10:05")


def test_voiding_free_gives_the_attempt_back_and_strikes_the_score() -> None:
    story = Story(plain())
    key = story.sits("post_test", "2027-01-04 10:00", 95)
    assert story.now("2027-01-04 10:00").credit_due
    story.voided("2027-01-04 11:00", key)
    journey = story.now("2027-01-04 11:00")
    assert not journey.credit_due
    assert journey.occasions[0].attempts_used == 0


def test_voiding_for_cheating_uses_the_attempt() -> None:
    story = Story(plain())
    story.voided("2027-01-04 11:00", story.sits("post_test", "2027-01-04 10:00", 95), uses_attempt=True)
    assert story.now("2027-01-04 11:00").occasions[0].attempts_used == 1


def test_credit_is_given_once_and_only_when_due() -> None:
    story = Story(plain())
    story.sits("post_test", "2027-01-04 10:00", 60)
    with pytest.raises(JourneyRefused, match="not due"):
        story.credited("2027-01-04 10:00")
    story.sits("post_test", "2027-01-04 11:00", 95)
    story.credited("2027-01-04 11:00")
    assert story.now("2027-01-04 11:00").state == "credited"
    with pytest.raises(JourneyRefused, match="Credit was given"):
        story.credited("2027-01-04 11:00")


def test_revoked_credit_needs_a_new_sitting() -> None:
    story = Story(plain())
    story.sits("post_test", "2027-01-04 10:00", 95)
    story.credited("2027-01-04 10:00")
    story.revoked("2027-02-01 10:00")
    journey = story.now("2027-02-01 10:00")
    assert (journey.state, journey.credit, journey.credit_due) == ("ready", None, False)
    story.sits("post_test", "2027-02-02 10:00", 92)
    story.credited("2027-02-02 10:00")
    assert story.now("2027-02-02 10:00").grade == "92 %"


def test_a_decision_of_another_policy_version_is_refused() -> None:
    story = Story(plain())
    key = story.begins("post_test", "2027-01-04 10:00")
    foreign = decision(story.policy, "post_test", 99, passed=True, version="2")
    with pytest.raises(JourneyRefused, match="version 1 of its policy"):
        story.add(SittingFinished(at=story.at("2027-01-04 11:00"), sitting=key, decision=foreign))


def test_an_attempt_opens_under_the_exact_policy() -> None:
    policy = plain()
    opened = AttemptOpened(
        at=datetime.fromisoformat("2027-01-04T09:00:00+00:00"),
        learner="ada", policy_key=policy.key, policy_version=policy.version, policy_hash="0" * 64,
    )  # fmt: skip
    with pytest.raises(JourneyRefused, match="version"):
        admit(policy, (), opened)


def test_who_may_start_and_when() -> None:
    opens = datetime.fromisoformat("2027-02-01T08:00:00-05:00")
    closes = datetime.fromisoformat("2027-06-01T00:00:00-04:00")
    rule = Eligibility(programmes=("nursing",), prerequisites=("bio-1",), opens=opens, closes=closes)
    policy = plain(eligibility=rule)
    hashed = policy_hash(policy)

    def rules(at: str, programmes: tuple[str, ...], credits_held: tuple[str, ...]) -> list[str]:
        event = AttemptOpened(
            at=datetime.fromisoformat(at), learner="ada", policy_key=policy.key, policy_version="1",
            policy_hash=hashed, programmes=programmes, credits_held=credits_held,
        )  # fmt: skip
        try:
            admit(policy, (), event)
        except JourneyRefused as refused:
            return [refusal.rule for refusal in refused.refusals]
        return []

    assert rules("2027-03-01T10:00:00-05:00", ("nursing",), ("bio-1",)) == []
    assert rules("2027-03-01T10:00:00-05:00", ("welding",), ("bio-1",)) == ["programme"]
    assert rules("2027-03-01T10:00:00-05:00", ("nursing",), ()) == ["prerequisite"]
    assert rules("2027-01-31T10:00:00-05:00", ("nursing",), ("bio-1",)) == ["window"]
    assert rules("2027-06-01T00:00:00-04:00", ("nursing",), ("bio-1",)) == ["window"]


def test_a_lift_shortens_a_wait_by_at_most_what_the_policy_says() -> None:
    occasion = Occasion(
        key="post_test", cut=PercentCut(value=70), gates=(Wait(period=Period(days=10), from_attempt=2),)
    )
    lift = Lift(rule="wait", occasion="post_test", most=Period(days=7))
    story = Story(msgspec.structs.replace(preset("kctcs"), occasions=(occasion,), lifts=(lift,)))
    story.sits("post_test", "2027-03-10 10:00", 50)
    with pytest.raises(JourneyRefused, match="at most 7 days"):
        story.lifted("2027-03-10 11:00", "wait", period=Period(days=8))
    story.lifted("2027-03-10 11:00", "wait", period=Period(days=7))
    assert story.now("2027-03-11 10:00").opens == story.at("2027-03-13 10:00")
    story.sits("post_test", "2027-03-13 10:00", 50)
    assert story.now("2027-03-13 10:00").opens == story.at("2027-03-23 10:00")


def test_accommodations_change_the_limit_during_a_sitting() -> None:
    story = Story(preset("kctcs"))
    story.sits("pre_test", "2027-01-04 10:00", 90)
    assert story.now("2027-01-04 10:00").may[0].time_limit_seconds == 5400
    story.begins("post_test", "2027-01-04 10:00")
    granted = Accommodation(extra_time_percent=50, pauses=2)
    story.add(AccommodationSet(at=story.at("2027-01-04 10:30"), accommodation=granted, by="office"))
    assert time_limit_seconds(90, story.now("2027-01-04 10:31").accommodation) == 8100
    assert time_limit_seconds(90, Accommodation(untimed=True)) is None
    assert time_limit_seconds(None, granted) is None


def test_a_closed_attempt_starts_nothing() -> None:
    story = Story(plain())
    story.add(AttemptClosed(at=story.at("2027-01-05 10:00"), by="learner"))
    assert story.rules("post_test", "2027-01-06 10:00") == ["closed"]
    assert story.now("2027-01-06 10:00").state == "closed"


def test_nothing_is_older_than_the_log() -> None:
    story = Story(plain(), opened="2027-01-04 09:00")
    with pytest.raises(JourneyRefused, match="cannot be older"):
        story.learns("2027-01-03 09:00")


def test_refusals_speak_french_too() -> None:
    story = Story(preset("kctcs"))
    story.sits("pre_test", "2027-01-04 10:00", 50)
    said = tell(story.refused("post_test", "2027-01-04 10:00")[0], "fr")
    assert said.startswith(
        "L’une de ces conditions doit d’abord être remplie. L’épreuve «\u00a0test final\u00a0» s’ouvre"
    )


@given(st.integers(0, 400), st.integers(0, 23), st.integers(1, 90))
def test_not_before_is_the_exact_moment_the_rule_lifts(day: int, hour: int, days: int) -> None:
    occasion = Occasion(
        key="post_test", cut=PercentCut(value=70), gates=(Wait(period=Period(days=days), from_attempt=2),)
    )
    story = Story(msgspec.structs.replace(preset("kctcs"), occasions=(occasion,), lifts=()), opened="2027-01-01 00:00")
    date = datetime.fromordinal(datetime(2027, 1, 1).toordinal() + day).replace(hour=hour)
    story.sits("post_test", f"{date:%Y-%m-%d %H:%M}", 50)
    refused = decide(story.policy, story.events, story.events[-1].at).refused[0]
    assert refused.not_before is not None
    just_before = decide(story.policy, story.events, refused.not_before - timedelta(microseconds=1))
    assert [r.rule for r in just_before.refused] == ["wait"]
    assert decide(story.policy, story.events, refused.not_before).refused == ()


def test_a_pass_opens_for_as_long_as_the_policy_says() -> None:
    base = preset("kctcs")
    gate = Passed(occasion="pre_test", within=Period(months=1))
    post = msgspec.structs.replace(base.occasions[1], gates=(gate,))
    story = Story(msgspec.structs.replace(base, occasions=(base.occasions[0], post), lifts=()))
    story.sits("pre_test", "2027-01-31 10:00", 90)
    start = next(p for p in story.now("2027-02-01 10:00").may if p.occasion == "post_test")
    assert start.until == story.at("2027-02-28 10:00")
    assert story.rules("post_test", "2027-02-28 10:00") == []
    lapsed = story.refused("post_test", "2027-02-28 10:01")[0]
    assert lapsed.rule == "passed"
    assert "for 1 month, which ended on 28 February 2027" in lapsed.sentence
    assert "pendant 1 mois" in tell(lapsed, "fr")


def test_credit_whose_score_passes_no_more_is_marked() -> None:
    story = Story(plain())
    key = story.sits("post_test", "2027-01-04 10:00", 95)
    story.credited("2027-01-04 10:00")
    assert story.now("2027-01-04 10:00").credit_founded
    lower = decision(story.policy, "post_test", 60, passed=False)
    story.add(SittingRescored(at=story.at("2027-02-01 10:00"), sitting=key, decision=lower, reason="item withdrawn"))
    journey = story.now("2027-02-01 10:00")
    assert (journey.state, journey.credit_founded) == ("credited", False)


def test_a_local_time_that_does_not_exist_moves_forward_and_a_doubled_one_comes_first() -> None:
    zone = zone_of(preset("kctcs"))
    saturday = datetime(2027, 3, 13, 2, 30, tzinfo=zone)
    assert after(saturday, Period(days=1), zone).strftime("%d %H:%M %z") == "14 03:30 -0400"
    before_change = datetime(2027, 11, 6, 1, 30, tzinfo=zone)
    assert after(before_change, Period(days=1), zone).strftime("%d %H:%M %z") == "07 01:30 -0400"
    assert after(before_change, Period(hours=24), zone).strftime("%d %H:%M %z") == "07 01:30 -0400"
    assert after(before_change, Period(hours=25), zone).strftime("%d %H:%M %z") == "07 01:30 -0500"
    assert after(datetime(2028, 2, 29, 9, tzinfo=zone), Period(months=12), zone).strftime("%Y-%m-%d") == "2029-02-28"
    with pytest.raises(ValueError, match="hours, days or months above 0"):
        Period()


def rescored(story: Story, text: str, sitting: str, percent: float) -> None:
    decided = decision(story.policy, "post_test", percent, passed=percent >= 70)
    story.add(SittingRescored(at=story.at(text), sitting=sitting, decision=decided, reason="wrong key"))


def twice_passed() -> Story:
    """NOCTI: credit for the first sitting, then a second that passes too."""
    story = Story(preset("nocti"))
    story.sits("post_test", "2027-01-04 10:00", 75)
    story.credited("2027-01-04 11:00")
    story.sits("post_test", "2027-01-10 10:00", 82)
    return story


def test_credit_whose_sitting_fails_after_rescoring_rests_on_another_that_passes() -> None:
    story = Story(preset("nocti"))
    story.sits("post_test", "2027-01-04 10:00", 85)
    story.credited("2027-01-04 11:00")
    story.sits("post_test", "2027-01-10 10:00", 82)
    assert story.now("2027-01-10 10:00").rebase == "", "a lower score moves nothing"
    rescored(story, "2027-02-01 10:00", "s1", 60)
    journey = story.now("2027-02-01 10:00")
    assert (journey.state, journey.credit_founded, journey.rebase, journey.grade) == ("credited", False, "s2", "82 %")
    rebased = CreditRebased(
        at=story.at("2027-02-01 10:00"), sitting="s2", grade="82 %", by="office", reason="wrong key"
    )
    for wrong in ({"sitting": "s1"}, {"grade": "99 %"}):
        with pytest.raises(JourneyRefused, match="no other passed sitting"):
            story.add(msgspec.structs.replace(rebased, **wrong))
    story.add(rebased)
    after_it = story.now("2027-02-01 10:00")
    assert (after_it.credit_founded, after_it.rebase) == (True, "")
    assert after_it.credit is not None
    assert (after_it.credit.sitting, after_it.credit.grade) == ("s2", "82 %")
    with pytest.raises(JourneyRefused, match="no other passed sitting"):
        story.add(rebased)


def test_where_the_highest_counts_credit_moves_to_a_higher_score() -> None:
    story = twice_passed()
    journey = story.now("2027-01-10 10:00")
    assert (journey.credit_founded, journey.rebase, journey.grade) == (True, "s2", "82 %")
    story.add(CreditRebased(at=story.at("2027-01-10 10:00"), sitting="s2", grade="82 %", by="policy", reason="highest"))
    assert story.now("2027-01-10 10:00").rebase == ""


def test_an_expired_score_leaves_its_credit_alone() -> None:
    story = Story(preset("aleks"))
    story.sits("post_test", "2027-03-10 10:00", 95)
    story.credited("2027-03-10 10:00")
    story.learns("2027-06-01 10:00", minutes=180)
    story.sits("post_test", "2027-06-01 10:00", 80)
    assert story.now("2028-05-01 10:00").rebase == ""


def test_credit_with_nothing_else_to_rest_on_is_not_rebased() -> None:
    story = twice_passed()
    rescored(story, "2027-02-01 10:00", "s2", 50)
    rescored(story, "2027-02-01 10:00", "s1", 60)
    journey = story.now("2027-02-01 10:00")
    assert (journey.credit_founded, journey.rebase) == (False, "")


def test_a_second_needed_occasion_that_fails_unfounds_the_credit() -> None:
    base = plain()
    other = msgspec.structs.replace(base.occasions[0], key="practical")
    policy = msgspec.structs.replace(
        base,
        occasions=(base.occasions[0], other),
        credit=msgspec.structs.replace(base.credit, needs=("post_test", "practical"), graded_by="post_test"),
    )
    story = Story(policy)
    story.sits("post_test", "2027-01-04 10:00", 90)
    story.sits("practical", "2027-01-04 11:00", 90)
    story.credited("2027-01-04 12:00")
    failed = decision(policy, "practical", 20, passed=False)
    story.add(SittingRescored(at=story.at("2027-01-05 10:00"), sitting="s2", decision=failed, reason="wrong key"))
    assert (story.now("2027-01-05 10:00").credit_founded, story.now("2027-01-05 10:00").rebase) == (False, "")
