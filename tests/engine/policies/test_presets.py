"""The five presets against dated cases: what they let a learner do on which day, and what they say when they do not."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from engine.periods import Period
from engine.policies import preset
from engine.refusals import JourneyRefused
from tests.engine.story import Story


def moments(story: Story, occasion: str, text: str) -> list[str | None]:
    return [r.not_before.strftime("%Y-%m-%d %H:%M") if r.not_before else None for r in story.refused(occasion, text)]


class TestKctcs:
    def test_pre_test_comes_first(self) -> None:
        story = Story(preset("kctcs"))
        assert story.rules("pre_test", "2027-01-04 09:01") == []
        assert "taken" in story.rules("post_test", "2027-01-04 09:01")

    @pytest.mark.parametrize(("percent", "open_"), [(80.0, True), (79.99, False), (100.0, True), (0.0, False)])
    def test_eighty_percent_opens_the_post_test_at_once(self, percent: float, open_: bool) -> None:
        story = Story(preset("kctcs"))
        story.sits("pre_test", "2027-01-04 10:00", percent)
        assert (story.rules("post_test", "2027-01-04 10:00") == []) is open_

    def test_pre_test_is_sat_once(self) -> None:
        story = Story(preset("kctcs"))
        story.sits("pre_test", "2027-01-04 10:00", 50)
        assert story.rules("pre_test", "2035-01-04 10:00") == ["attempts"]
        assert moments(story, "pre_test", "2035-01-04 10:00") == [None]

    def test_after_a_failed_pre_test_learning_opens_the_post_test(self) -> None:
        story = Story(preset("kctcs"))
        story.sits("pre_test", "2027-01-04 10:00", 79)
        assert story.rules("post_test", "2027-06-04 10:00") == ["passed or learning"]
        story.learns("2027-06-05 10:00")
        assert story.rules("post_test", "2027-06-05 10:00") == []

    def test_learning_before_the_pre_test_does_not_open_the_post_test(self) -> None:
        story = Story(preset("kctcs"))
        story.learns("2027-01-04 09:30")
        story.sits("pre_test", "2027-01-04 10:00", 79)
        assert story.rules("post_test", "2027-01-04 11:00") == ["passed or learning"]

    @pytest.mark.parametrize(("percent", "grade"), [(90.0, "90 %"), (94.99, "94 %"), (100.0, "100 %")])
    def test_ninety_percent_earns_the_module_and_the_grade_is_the_score(self, percent: float, grade: str) -> None:
        story = Story(preset("kctcs"))
        story.sits("pre_test", "2027-01-04 10:00", 95)
        story.sits("post_test", "2027-01-04 11:00", percent)
        journey = story.now("2027-01-04 11:00")
        assert (journey.state, journey.grade, journey.hours) == ("credit_due", grade, Decimal("0.6"))

    def test_a_failed_post_test_needs_learning_again(self) -> None:
        story = Story(preset("kctcs"))
        story.sits("pre_test", "2027-01-04 10:00", 85)
        story.sits("post_test", "2027-01-04 11:00", 89.9)
        assert story.now("2027-01-04 11:00").state == "needs_action"
        assert story.rules("post_test", "2027-01-05 11:00") == ["learning"]
        story.learns("2027-01-06 08:00")
        story.sits("post_test", "2027-01-06 08:00", 91)
        assert story.now("2027-01-06 08:00").credit_due

    def test_the_pre_test_never_counts_in_the_grade(self) -> None:
        story = Story(preset("kctcs"))
        story.sits("pre_test", "2027-01-04 10:00", 100)
        journey = story.now("2027-01-04 10:01")
        assert (journey.grade, journey.hours, journey.credit_due) == ("", Decimal(0), False)

    @pytest.mark.parametrize("hours", ["0.1", "0.6", "2.6"])
    def test_fractional_hours_are_exact(self, hours: str) -> None:
        plain = preset("kctcs")
        policy = msgspec.structs.replace(plain, credit=msgspec.structs.replace(plain.credit, hours=Decimal(hours)))
        story = Story(policy)
        story.sits("pre_test", "2027-01-04 10:00", 90)
        story.sits("post_test", "2027-01-04 10:00", 90)
        assert story.now("2027-01-04 10:00").hours * 10 == Decimal(hours) * 10


class TestWgu:
    def test_first_sitting_within_seven_days_of_a_passed_pre_test(self) -> None:
        story = Story(preset("wgu"))
        story.sits("pre_test", "2027-03-10 10:00", 80)
        assert story.rules("post_test", "2027-03-10 10:01") == []
        # The clocks change on 14 March 2027: the seventh day ends at the same clock time, 167 hours later.
        assert story.rules("post_test", "2027-03-17 10:00") == []
        assert story.rules("post_test", "2027-03-17 10:01") == ["taken"]

    def test_leap_day_counts_as_a_day(self) -> None:
        story = Story(preset("wgu"))
        story.sits("pre_test", "2028-02-25 10:00", 80)
        assert story.rules("post_test", "2028-03-03 10:00") == []
        assert story.rules("post_test", "2028-03-03 10:01") == ["taken"]

    def test_after_a_failed_pre_test_an_advisor_approves_within_seven_days(self) -> None:
        story = Story(preset("wgu"))
        story.sits("pre_test", "2027-05-03 10:00", 40)
        assert story.rules("post_test", "2027-05-03 11:00") == ["passed or approval"]
        story.approved("2027-05-09 10:00")
        assert story.rules("post_test", "2027-05-20 10:00") == []

    def test_an_approval_later_than_seven_days_does_not_help(self) -> None:
        story = Story(preset("wgu"))
        story.sits("pre_test", "2027-05-03 10:00", 40)
        story.approved("2027-05-10 10:01")
        assert story.rules("post_test", "2027-05-10 11:00") == ["taken"]

    def test_three_pre_tests_at_most(self) -> None:
        story = Story(preset("wgu"))
        for day in (3, 4, 5):
            story.sits("pre_test", f"2027-05-0{day} 10:00", 40)
        assert story.rules("pre_test", "2027-06-01 10:00") == ["attempts"]

    def ready_for(self, attempt: int) -> Story:
        story = Story(preset("wgu"))
        story.sits("pre_test", "2027-03-01 10:00", 80)
        story.sits("post_test", "2027-03-02 10:00", 60)
        if attempt > 2:
            story.approved("2027-03-03 10:00")
            story.sits("post_test", "2027-03-10 10:00", 60)
        if attempt > 3:
            story.approved("2027-03-12 10:00")
            story.learns("2027-03-12 10:00", what="intervention")
            story.sits("post_test", "2027-03-15 10:00", 60)
        return story

    def test_second_needs_approval_only(self) -> None:
        story = self.ready_for(2)
        assert story.rules("post_test", "2027-04-02 10:00") == ["approval"]
        story.approved("2027-03-02 10:05")
        assert story.rules("post_test", "2027-03-02 10:05") == []

    def test_an_approval_during_the_sitting_before_does_not_count(self) -> None:
        story = Story(preset("wgu"))
        story.sits("pre_test", "2027-03-01 10:00", 80)
        story.begins("post_test", "2027-03-02 10:00")
        story.approved("2027-03-02 10:30")
        story.finishes("2027-03-02 11:00", 60)
        assert story.rules("post_test", "2027-03-02 11:00") == ["approval"]

    def test_third_needs_approval_wait_and_intervention(self) -> None:
        story = self.ready_for(3)
        assert story.rules("post_test", "2027-03-11 10:00") == ["approval", "wait", "learning"]
        # Five days from 10 March 10:00 are 15 March 10:00 on the wall clock although one hour is missing in between.
        assert moments(story, "post_test", "2027-03-11 10:00") == [None, "2027-03-15 10:00", None]
        story.approved("2027-03-11 10:00")
        story.learns("2027-03-11 10:00", what="intervention")
        assert story.rules("post_test", "2027-03-15 09:59") == ["wait"]
        assert story.now("2027-03-15 09:59").state == "waiting"
        assert story.rules("post_test", "2027-03-15 10:00") == []

    def test_ordinary_learning_is_no_intervention(self) -> None:
        story = self.ready_for(3)
        story.learns("2027-03-11 10:00")
        assert "learning" in story.rules("post_test", "2027-03-20 10:00")

    def test_fourth_is_the_last(self) -> None:
        story = self.ready_for(4)
        story.approved("2027-03-16 10:00")
        story.learns("2027-03-16 10:00", what="intervention")
        story.sits("post_test", "2027-03-20 10:00", 60)
        assert story.rules("post_test", "2028-03-20 10:00")[0] == "attempts"
        assert story.now("2028-03-20 10:00").state == "exhausted"

    @pytest.mark.parametrize(("percent", "word"), [(85, "exemplary"), (84.9, "competent"), (70, "competent")])
    def test_result_words(self, percent: float, word: str) -> None:
        story = Story(preset("wgu"))
        story.sits("pre_test", "2027-03-01 10:00", 80)
        story.sits("post_test", "2027-03-02 10:00", percent)
        assert story.now("2027-03-02 10:00").grade == word


class TestAleks:
    def test_forty_eight_hours_by_the_stopwatch(self) -> None:
        story = Story(preset("aleks"))
        story.sits("post_test", "2027-03-13 10:00", 40)
        story.learns("2027-03-13 12:00", minutes=180)
        # The clocks go forward on 14 March 2027 in Chicago: 48 hours end at 11:00 on the 15th.
        assert moments(story, "post_test", "2027-03-15 10:59") == ["2027-03-15 11:00"]
        assert story.rules("post_test", "2027-03-15 11:00") == []

    def test_autumn_brings_the_moment_forward_on_the_clock(self) -> None:
        story = Story(preset("aleks"))
        story.sits("post_test", "2027-11-06 10:00", 40)
        story.learns("2027-11-06 12:00", minutes=180)
        assert moments(story, "post_test", "2027-11-08 08:59") == ["2027-11-08 09:00"]

    def test_three_hours_of_learning_between(self) -> None:
        story = Story(preset("aleks"))
        story.sits("post_test", "2027-01-04 10:00", 40)
        story.learns("2027-01-05 10:00", minutes=90)
        assert story.rules("post_test", "2027-01-10 10:00") == ["learning"]
        assert "so far 90" in story.refused("post_test", "2027-01-10 10:00")[0].sentence
        story.learns("2027-01-10 10:00", minutes=90)
        assert story.rules("post_test", "2027-01-10 10:00") == []

    def fill(self, story: Story, scores: list[float]) -> None:
        for place, score in enumerate(scores):
            story.learns(f"2028-02-{20 + 2 * place} 10:00", minutes=180) if place else None
            story.sits("post_test", f"2028-02-{20 + 2 * place} 10:00", score)

    def test_five_in_twelve_months_then_a_new_period(self) -> None:
        story = Story(preset("aleks"))
        self.fill(story, [40, 50, 45, 55, 50])
        story.learns("2028-03-01 10:00", minutes=180)
        assert story.rules("post_test", "2028-03-02 10:00") == ["attempts"]
        assert moments(story, "post_test", "2028-03-02 10:00") == ["2029-02-20 10:00"]
        assert story.now("2028-03-02 10:00").state == "waiting"
        assert story.rules("post_test", "2029-02-20 10:00") == []

    def test_twelve_months_from_a_leap_day_end_on_28_february(self) -> None:
        story = Story(preset("aleks"))
        story.sits("post_test", "2028-02-29 10:00", 80)
        assert story.now("2029-02-28 10:00").credit_due
        assert not story.now("2029-02-28 10:01").credit_due

    def test_the_highest_counts_also_after_passing(self) -> None:
        story = Story(preset("aleks"))
        self.fill(story, [80, 92, 85])
        assert story.now("2028-03-01 10:00").grade == "92 %"


class TestNocti:
    def test_five_and_sixty_days_after_the_first(self) -> None:
        story = Story(preset("nocti"))
        story.sits("post_test", "2027-10-20 14:00", 50)
        assert moments(story, "post_test", "2027-10-24 14:00") == ["2027-10-25 14:00"]
        story.sits("post_test", "2027-11-05 14:00", 60)
        # Sixty days after the first sitting, not the second; the clocks go back on 7 November 2027.
        assert moments(story, "post_test", "2027-11-06 14:00") == ["2027-12-19 14:00"]
        story.sits("post_test", "2027-12-19 14:00", 55)
        assert story.rules("post_test", "2030-01-01 10:00") == ["attempts"]

    def test_across_a_leap_day(self) -> None:
        story = Story(preset("nocti"))
        story.sits("post_test", "2028-02-25 09:00", 50)
        assert moments(story, "post_test", "2028-02-26 09:00") == ["2028-03-01 09:00"]

    def test_the_highest_counts(self) -> None:
        story = Story(preset("nocti"))
        story.sits("post_test", "2027-01-04 10:00", 75)
        story.sits("post_test", "2027-01-09 10:00", 60)
        assert story.now("2027-01-09 10:00").grade == "75 %"


class TestWaterloo:
    def story(self) -> Story:
        return Story(msgspec.structs.replace(preset("waterloo"), competencies=("plan", "build")))

    def test_both_benchmarks_are_needed(self) -> None:
        story = self.story()
        story.sits("post_test", "2027-01-04 10:00", 80)
        assert (story.now("2027-01-04 10:00").state, story.now("2027-01-04 10:00").outstanding) == (
            "awaiting_attestation",
            ("employer",),
        )
        story.rated("2027-02-01 10:00", {"plan": "superior", "build": "superior"})
        assert story.now("2027-02-01 10:00").credit_due

    @pytest.mark.parametrize("rating", ["good", "satisfactory", "marginal", "unsatisfactory"])
    def test_less_than_superior_on_one_is_not_enough(self, rating: str) -> None:
        story = self.story()
        story.sits("post_test", "2027-01-04 10:00", 99)
        story.rated("2027-02-01 10:00", {"plan": "superior", "build": rating})
        assert story.now("2027-02-01 10:00").state == "awaiting_attestation"

    def test_rating_alone_is_not_enough(self) -> None:
        story = self.story()
        story.rated("2027-01-05 10:00", {"plan": "superior", "build": "superior"})
        story.sits("post_test", "2027-01-06 10:00", 79.9)
        assert not story.now("2027-01-06 10:00").credit_due

    def test_a_link_works_once_and_for_thirty_days(self) -> None:
        story = self.story()
        story.rated("2027-01-05 10:00", {"plan": "good", "build": "good"})
        with pytest.raises(JourneyRefused, match="has been used"):
            story.rated("2027-01-06 10:00", {"plan": "superior", "build": "superior"})

    def test_words_off_the_scale_and_gaps_are_refused(self) -> None:
        story = self.story()
        with pytest.raises(JourneyRefused, match="'great' is no rating for build"):
            story.rated("2027-01-05 10:00", {"plan": "good", "build": "great"})
        with pytest.raises(JourneyRefused, match="Rate every competency"):
            story.rated("2027-01-05 10:00", {"plan": "good"}, token_hash="t2")


def test_every_refusal_says_rule_date_and_sentence() -> None:
    story = Story(preset("wgu"))
    story.sits("pre_test", "2027-03-01 10:00", 80)
    story.sits("post_test", "2027-03-02 10:00", 60)
    story.approved("2027-03-03 10:00")
    story.sits("post_test", "2027-03-10 10:00", 60)
    wait = next(r for r in story.refused("post_test", "2027-03-11 10:00") if r.rule == "wait")
    assert wait.not_before == datetime(2027, 3, 15, 16, 0, tzinfo=UTC)
    assert wait.sentence == (
        "Between the last sitting of the post-test and the next lie at least 5 days; "
        "it opens on 15 March 2027 at 10:00."
    )


def test_an_advisor_lifts_only_what_the_policy_allows() -> None:
    story = Story(preset("kctcs"))
    story.sits("pre_test", "2027-01-04 10:00", 70)
    with pytest.raises(JourneyRefused, match="does not let an advisor lift the rule 'wait'"):
        story.lifted("2027-01-04 11:00", "wait", period=Period(days=1))
    story.lifted("2027-01-04 11:00", "learning")
    assert story.rules("post_test", "2027-01-04 11:00") == []
    with pytest.raises(JourneyRefused, match="may be lifted 1 times"):
        story.lifted("2027-01-04 12:00", "learning")
