"""The presets at the very instant: a second before and exactly at, clocks that change, leap days, other zones."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from engine.events import AttestationInvited, AttestationReceived
from engine.policies import preset
from engine.refusals import JourneyRefused
from engine.retakes import Question, refused_by_gates
from engine.standing import read_log
from tests.engine.story import Story

SECOND = timedelta(seconds=1)


def wait_lifts(story: Story, at: str) -> datetime:
    """The instant, in UTC, from which time no longer stands in the way; a second before, it does."""
    found = next(r for r in story.refused("post_test", at) if r.rule == "wait")
    assert found.not_before is not None
    lifts = found.not_before.astimezone(UTC)
    policy, standing = story.policy, read_log(story.events)
    for moment, shut in ((lifts - SECOND, True), (lifts, False)):
        ask = Question(policy, policy.occasions[-1], standing, moment)
        assert any(refusal.rule == "wait" for refusal in refused_by_gates(ask)) is shut, moment
    return lifts


class TestNocti:
    @pytest.mark.parametrize(
        ("first", "lifts"),
        [
            ("2027-06-01 14:00", datetime(2027, 6, 6, 18, 0, tzinfo=UTC)),
            # 02:30 on 14 March 2027 does not exist in Detroit; it is moved forward to 03:30 summer time.
            ("2027-03-09 02:30", datetime(2027, 3, 14, 7, 30, tzinfo=UTC)),
            # 01:30 on 7 November 2027 comes twice; the first, in summer time, is meant.
            ("2027-11-02 01:30", datetime(2027, 11, 7, 5, 30, tzinfo=UTC)),
            ("2028-02-28 23:59", datetime(2028, 3, 5, 4, 59, tzinfo=UTC)),
            ("2027-02-28 23:59", datetime(2027, 3, 6, 4, 59, tzinfo=UTC)),
            ("2027-12-29 10:00", datetime(2028, 1, 3, 15, 0, tzinfo=UTC)),
        ],
    )
    def test_five_days_by_the_institutions_calendar(self, first: str, lifts: datetime) -> None:
        story = Story(preset("nocti"), opened="2027-01-01 09:00")
        story.sits("post_test", first, 50)
        assert wait_lifts(story, first) == lifts

    def test_sixty_days_across_a_leap_day_and_the_clocks(self) -> None:
        story = Story(preset("nocti"))
        story.sits("post_test", "2028-01-15 09:00", 50)
        story.sits("post_test", "2028-02-20 09:00", 50)
        assert wait_lifts(story, "2028-02-21 09:00") == datetime(2028, 3, 15, 13, 0, tzinfo=UTC)

    def test_a_late_first_retake_does_not_push_the_second_back(self) -> None:
        story = Story(preset("nocti"))
        story.sits("post_test", "2027-01-04 10:00", 50)
        story.sits("post_test", "2027-04-01 10:00", 50)
        assert story.rules("post_test", "2027-04-01 10:00") == []

    def test_days_count_from_the_end_of_the_first_sitting_that_counts(self) -> None:
        story = Story(preset("nocti"))
        story.begins("post_test", "2027-01-04 10:00")
        story.voided("2027-01-04 10:10", "s1")
        story.begins("post_test", "2027-01-08 10:00")
        story.finishes("2027-01-08 11:30", 50)
        assert wait_lifts(story, "2027-01-08 12:00") == datetime(2027, 1, 13, 16, 30, tzinfo=UTC)

    def test_a_lower_retake_takes_nothing_away(self) -> None:
        story = Story(preset("nocti"))
        story.sits("post_test", "2027-01-04 10:00", 70)
        story.sits("post_test", "2027-01-09 10:00", 69.99)
        journey = story.now("2027-01-09 10:00")
        assert (journey.credit_due, journey.grade) == (True, "70 %")
        assert story.now("2034-01-09 10:00").credit_due, "a score of NOCTI does not lapse"


class TestAleks:
    def test_forty_eight_hours_to_the_second_from_the_end(self) -> None:
        story = Story(preset("aleks"))
        story.begins("post_test", "2027-01-04 10:00")
        story.finishes("2027-01-04 12:00", 40)
        assert wait_lifts(story, "2027-01-04 12:00") == datetime(2027, 1, 6, 18, 0, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("minutes", "open_"), [((179,), False), ((180,), True), ((60, 119), False), ((60, 120), True)]
    )
    def test_three_hours_and_not_a_minute_less(self, minutes: tuple[int, ...], open_: bool) -> None:
        story = Story(preset("aleks"))
        story.sits("post_test", "2027-01-04 10:00", 40)
        for number, part in enumerate(minutes):
            story.learns(f"2027-01-0{5 + number} 10:00", minutes=part)
        assert (story.rules("post_test", "2027-01-08 10:00") == []) is open_

    def test_learning_counts_for_one_sitting_only(self) -> None:
        story = Story(preset("aleks"))
        story.learns("2027-01-04 09:30", minutes=600)
        story.sits("post_test", "2027-01-04 10:00", 40)
        assert "learning" in story.rules("post_test", "2027-01-10 10:00")
        story.learns("2027-01-10 10:00", minutes=180)
        story.sits("post_test", "2027-01-10 10:00", 45)
        assert "learning" in story.rules("post_test", "2027-01-20 10:00")

    def test_the_highest_of_those_that_are_not_a_year_old(self) -> None:
        story = Story(preset("aleks"))
        story.sits("post_test", "2027-03-10 10:00", 95)
        story.learns("2027-06-01 10:00", minutes=180)
        story.sits("post_test", "2027-06-01 10:00", 80)
        assert story.now("2028-03-10 10:00").grade == "95 %"
        assert story.now("2028-03-10 10:01").grade == "80 %"
        assert story.now("2028-06-01 10:00").credit_due
        assert not story.now("2028-06-01 10:01").credit_due

    def test_credit_given_in_time_outlives_the_score(self) -> None:
        story = Story(preset("aleks"))
        story.sits("post_test", "2027-03-10 10:00", 95)
        story.credited("2027-03-10 10:00")
        journey = story.now("2031-03-10 10:00")
        assert (journey.state, journey.credit_founded, journey.grade) == ("credited", True, "95 %")

    def test_twelve_months_end_at_the_same_clock_time_a_year_on(self) -> None:
        story = Story(preset("aleks"))
        for place, day in enumerate(("01", "04", "07", "10", "13")):
            story.learns(f"2027-11-{day} 10:00", minutes=180) if place else None
            story.sits("post_test", f"2027-11-{day} 10:00", 40)
        story.learns("2027-11-20 10:00", minutes=180)
        assert story.rules("post_test", "2028-11-01 09:59") == ["attempts"]
        assert story.rules("post_test", "2028-11-01 10:00") == []


class TestWgu:
    def test_an_approval_before_any_pre_assessment_opens_nothing(self) -> None:
        story = Story(preset("wgu"))
        story.approved("2027-05-01 10:00")
        story.sits("pre_test", "2027-05-03 10:00", 40)
        assert story.rules("post_test", "2027-05-03 11:00") == ["taken"]

    def test_any_of_the_pre_assessments_may_be_the_recent_one(self) -> None:
        story = Story(preset("wgu"))
        story.sits("pre_test", "2027-05-01 10:00", 40)
        story.sits("pre_test", "2027-05-20 10:00", 45)
        story.approved("2027-05-27 10:00")
        assert story.rules("post_test", "2027-05-27 10:00") == []

    def test_the_seventh_day_ends_at_the_clock_time_it_began(self) -> None:
        for minute, open_ in (("10:00", True), ("10:01", False)):
            story = Story(preset("wgu"))
            story.sits("pre_test", "2027-11-03 10:00", 40)
            story.approved(f"2027-11-10 {minute}")
            assert (story.rules("post_test", "2027-11-10 12:00") == []) is open_

    def test_an_approval_is_used_up_by_the_sitting_it_opened(self) -> None:
        story = Story(preset("wgu"))
        story.sits("pre_test", "2027-05-03 10:00", 40)
        story.approved("2027-05-04 10:00")
        story.sits("post_test", "2027-05-05 10:00", 60)
        assert story.rules("post_test", "2027-06-05 10:00") == ["approval"]

    def test_an_intervention_before_the_last_sitting_is_used_up(self) -> None:
        story = Story(preset("wgu"))
        story.sits("pre_test", "2027-05-03 10:00", 80)
        story.sits("post_test", "2027-05-03 12:00", 60)
        story.learns("2027-05-04 10:00", what="intervention")
        story.approved("2027-05-04 10:00")
        story.sits("post_test", "2027-05-04 11:00", 60)
        story.approved("2027-05-05 10:00")
        assert story.rules("post_test", "2027-05-20 10:00") == ["learning"]

    @pytest.mark.parametrize(
        ("percent", "word"), [(54.99, "unsatisfactory"), (55, "approaching"), (69.99, "approaching"), (70, "competent")]
    )
    def test_four_words_and_where_they_begin(self, percent: float, word: str) -> None:
        from engine.decisions import grade_of
        from tests.engine.story import decision

        policy = preset("wgu")
        assert grade_of(policy.credit.grades, decision(policy, "post_test", percent, passed=percent >= 70)) == word

    def test_there_is_no_fourth_pre_assessment_even_after_passing_one(self) -> None:
        story = Story(preset("wgu"))
        for day in (3, 4, 5):
            story.sits("pre_test", f"2027-05-0{day} 10:00", 90)
        assert story.rules("pre_test", "2027-05-06 10:00") == ["attempts"]


class TestWaterloo:
    def invited(self, at: str) -> Story:
        story = Story(msgspec.structs.replace(preset("waterloo"), competencies=("plan", "build")))
        story.sits("post_test", "2027-01-04 10:00", 90)
        story.add(AttestationInvited(at=story.at(at), requirement="employer", token_hash="t1"))
        return story

    def rated(self, story: Story, at: datetime) -> None:
        ratings = {"plan": "superior", "build": "superior"}
        story.add(AttestationReceived(at=at, requirement="employer", token_hash="t1", ratings=ratings))

    @pytest.mark.parametrize(
        ("sent", "last"),
        [
            ("2027-02-20 10:00", datetime(2027, 3, 22, 14, 0, tzinfo=UTC)),  # the clocks go forward in between
            ("2027-10-20 10:00", datetime(2027, 11, 19, 15, 0, tzinfo=UTC)),  # and back
            ("2028-02-01 10:00", datetime(2028, 3, 2, 15, 0, tzinfo=UTC)),  # 29 February counts
        ],
    )
    def test_the_link_works_to_the_last_second_of_thirty_days(self, sent: str, last: datetime) -> None:
        story = self.invited(sent)
        self.rated(story, last)
        assert story.now("2028-12-01 10:00").credit_due
        late = self.invited(sent)
        with pytest.raises(JourneyRefused, match="new one"):
            self.rated(late, last + SECOND)
        assert late.now("2028-12-01 10:00").state == "awaiting_attestation"

    def test_eighty_percent_and_not_less(self) -> None:
        for percent, awaited in ((80, "awaiting_attestation"), (79.99, "ready")):
            story = Story(msgspec.structs.replace(preset("waterloo"), competencies=("plan", "build")))
            story.sits("post_test", "2027-01-04 10:00", percent)
            assert story.now("2027-01-04 10:00").state == awaited


class TestKctcs:
    def test_the_choice_does_not_lapse(self) -> None:
        story = Story(preset("kctcs"))
        story.sits("pre_test", "2027-01-04 10:00", 80)
        assert story.rules("post_test", "2031-01-04 10:00") == []

    def test_learning_instead_of_a_passed_pre_test_earns_the_same(self) -> None:
        story = Story(preset("kctcs"))
        story.sits("pre_test", "2027-01-04 10:00", 10)
        story.learns("2027-02-04 10:00", minutes=0)
        story.sits("post_test", "2027-02-04 10:00", 90)
        journey = story.now("2027-02-04 10:00")
        assert (journey.credit_due, journey.grade) == (True, "90 %")

    def test_after_credit_nothing_more_is_to_be_sat(self) -> None:
        story = Story(preset("kctcs"))
        story.sits("pre_test", "2027-01-04 10:00", 95)
        story.sits("post_test", "2027-01-04 10:00", 95)
        story.credited("2027-01-04 10:00")
        assert story.rules("post_test", "2027-01-04 10:00") == ["already_credited"]
        assert story.rules("pre_test", "2027-01-04 10:00") == ["already_credited"]
