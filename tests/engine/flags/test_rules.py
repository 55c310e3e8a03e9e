"""The rules from evidence to flags: what raises one, what does not, what is too little to say, and how it is said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from engine.flags import Answered, Criteria, Flag, Looked, Published, Seen, gather, look
from engine.flags.closing import outcomes_for, sees_names
from engine.flags.records import KINDS
from engine.flags.sittings import thinking_times
from engine.messages import LANGUAGES, message, say
from tests.engine.flags.world import START, copy, evidence_of, hurry, make_bank, sit

CRITERIA = Criteria()
NOBODY: dict[int, datetime] = {}


def of_kind(looked: Looked, kind: str) -> list[Flag]:
    return [flag for flag in looked.flags if flag.kind == kind]


def rng_of(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_honest_sittings_leave_the_queue_all_but_empty() -> None:
    """300 honest adaptive sittings: by chance 1.5 of each sitting test; four standard deviations more would be 6.4."""
    rng = rng_of(1)
    bank = make_bank(rng, 150)
    looked = look(evidence_of(bank, sit(bank, rng, 300, 20)), NOBODY, CRITERIA)
    judged = {one.kind: one for one in looked.judged}
    assert set(judged) == set(KINDS)
    assert judged["person_misfit"].n_judged == 300
    assert judged["person_misfit"].by_chance == 1.5
    assert len(of_kind(looked, "person_misfit")) <= 6
    assert len(of_kind(looked, "time_aberrance")) <= 6
    assert of_kind(looked, "rapid_guessing") == []
    assert judged["answer_similarity"].n_judged > 10_000
    assert of_kind(looked, "answer_similarity") == []


def test_clicking_through_is_found_and_told_in_both_languages() -> None:
    rng = rng_of(2)
    bank = make_bank(rng, 120)
    sat = hurry(sit(bank, rng, 150, 20), rng, np.array([10, 90]), 0.5)
    flags = of_kind(look(evidence_of(bank, sat), NOBODY, CRITERIA), "rapid_guessing")
    assert [flag.sitting for flag in flags] == [10, 90]
    assert flags[0].value == pytest.approx(0.5)
    assert len(flags[0].evidence["seconds"]) == 20
    for language in LANGUAGES:
        assert "10" in say(flags[0].said[0], language)
        assert "%" in say(flags[0].said[0], language)


def test_a_copied_form_is_found_once_and_names_no_side() -> None:
    rng = rng_of(3)
    bank = make_bank(rng, 40)
    sat = copy(sit(bank, rng, 120, 40, adaptive=False), rng, np.array([30]), np.array([70]), 1.0)
    flags = of_kind(look(evidence_of(bank, sat), NOBODY, CRITERIA), "answer_similarity")
    assert [(flag.sitting, flag.other) for flag in flags] == [(30, 70)]
    assert flags[0].evidence["equal"] == flags[0].evidence["common"] == 40
    assert flags[0].p is not None
    assert flags[0].p < 1e-5
    assert "Nothing here says who took from whom" in say(message("flag.do.answer_similarity"))


def test_two_who_click_the_first_choice_throughout_are_no_pair() -> None:
    """They agree on every question, right or wrong, and know nothing of each other."""
    rng = rng_of(3)
    bank = make_bank(rng, 40)
    sat = sit(bank, rng, 120, 40, adaptive=False)
    evidence = evidence_of(bank, sat)
    for place in (30, 70):
        own = evidence.sitting == place
        evidence.letter[own] = 2
        evidence.option[own] = evidence.item[own] * 4 + 1
        evidence.category[own] = evidence.item[own] % 4 == 0
    assert of_kind(look(evidence, NOBODY, CRITERIA), "answer_similarity") == []


def test_questions_left_blank_are_nothing_in_common() -> None:
    rng = rng_of(3)
    bank = make_bank(rng, 40)
    sat = copy(sit(bank, rng, 120, 40, adaptive=False), rng, np.array([30]), np.array([70]), 1.0)
    evidence = evidence_of(bank, sat)
    evidence.letter[(evidence.sitting == 30) & (evidence.item >= 8)] = -1
    looked = look(evidence, NOBODY, CRITERIA)
    assert of_kind(looked, "answer_similarity") == []
    assert next(one for one in looked.judged if one.kind == "answer_similarity").n_judged == 119 * 118 // 2


def test_one_learner_is_not_compared_with_themselves() -> None:
    rng = rng_of(3)
    bank = make_bank(rng, 40)
    sat = copy(sit(bank, rng, 120, 40, adaptive=False), rng, np.array([30]), np.array([70]), 1.0)
    evidence = evidence_of(bank, sat)
    same = [one if one.id != 70 else Seen(id=70, learner=30, population=one.population) for one in evidence.sittings]
    evidence = replace(evidence, sittings=tuple(same))
    assert of_kind(look(evidence, NOBODY, CRITERIA), "answer_similarity") == []


def test_a_learner_who_misses_the_easy_and_solves_the_hard_is_found() -> None:
    rng = rng_of(4)
    bank = make_bank(rng, 40)
    sat = sit(bank, rng, 120, 40, adaptive=False)
    order = np.argsort(bank.parameters.difficulty[sat.item[5]])
    sat.right[5, order] = np.arange(40) >= 22
    flags = of_kind(look(evidence_of(bank, sat), NOBODY, CRITERIA), "person_misfit")
    found = next(flag for flag in flags if flag.sitting == 5)
    assert found.value < -3
    assert found.said[0].values["n"] == 40
    assert int(found.said[0].values["missed"]) + int(found.said[0].values["solved"]) > 3


def test_questions_known_beforehand_break_the_pace_and_pauses_do_not() -> None:
    rng = rng_of(5)
    bank = make_bank(rng, 60)
    sat = sit(bank, rng, 200, 20)
    sat.seconds[7, ::3] /= 4.0
    sat.seconds[8, 3] = 86_400.0
    sat.right[7, ::3] = 1
    flags = of_kind(look(evidence_of(bank, sat), NOBODY, CRITERIA), "time_aberrance")
    found = {flag.sitting: flag for flag in flags}
    assert 7 in found
    assert 8 not in found
    assert found[7].said[0].values["fast"] == sum(value < -2 for value in found[7].evidence["residual"]) > 0
    assert found[7].said[0].values["right"] == found[7].said[0].values["fast"]


def test_times_that_nobody_took_are_not_judged() -> None:
    rng = rng_of(6)
    bank = make_bank(rng, 60)
    evidence = evidence_of(bank, sit(bank, rng, 60, 12))
    paper = replace(evidence, seconds=np.full(len(evidence.seconds), np.nan))
    timed, rapid, _ = thinking_times(paper, CRITERIA)
    assert not timed.any()
    assert not rapid.any()
    judged = {one.kind: one for one in look(paper, NOBODY, CRITERIA).judged}
    assert judged["rapid_guessing"].n_judged == judged["time_aberrance"].n_judged == 0
    assert judged["rapid_guessing"].n_too_little == 60
    assert judged["person_misfit"].n_judged == 60


def leaked_world() -> tuple[Looked, int, datetime]:
    """600 sittings; from the 300th on most learners know item 3. The look, the item, and the middle of the time."""
    rng = rng_of(7)
    bank = make_bank(rng, 40)
    cheats = (np.arange(600) >= 300) & (rng.random(600) < 0.8)
    sat = sit(bank, rng, 600, 15, adaptive=False, known=lambda who, item: (cheats[who] & (item == 3)).astype(float))
    evidence = evidence_of(bank, sat)
    return look(evidence, NOBODY, CRITERIA), 3, datetime.fromtimestamp(START + 30 * 86_400, UTC)


def test_a_leaked_item_raises_one_alarm_with_its_day_and_drifts_visibly() -> None:
    looked, item, middle = leaked_world()
    alarms = of_kind(looked, "leak_alarm")
    assert [flag.item for flag in alarms] == [item]
    assert [flag.item for flag in of_kind(looked, "item_drift") if flag.item == item] == []
    since = datetime.fromisoformat(str(alarms[0].said[0].values["when"]))
    assert abs(since - middle) < timedelta(days=12)
    assert int(alarms[0].said[0].values["percent"]) > int(alarms[0].said[0].values["expected"]) + 10
    line = next(one for one in looked.drift if one.item == item)
    assert line.shift is not None
    assert line.shift > 0.3
    assert line.cusum is not None
    assert max(alarms[0].evidence["cusum"]) > CRITERIA.leak_limit


def test_after_closing_only_later_answers_count() -> None:
    rng = rng_of(7)
    bank = make_bank(rng, 40)
    cheats = (np.arange(600) >= 300) & (rng.random(600) < 0.8)
    sat = sit(bank, rng, 600, 15, adaptive=False, known=lambda who, item: (cheats[who] & (item == 3)).astype(float))
    end = datetime.fromtimestamp(START + 61 * 86_400, UTC)
    looked = look(evidence_of(bank, sat), {3: end}, CRITERIA)
    assert 3 not in [flag.item for flag in looked.flags]
    assert 3 not in [line.item for line in looked.drift]


def test_an_item_that_has_become_harder_drifts() -> None:
    rng = rng_of(8)
    bank = make_bank(rng, 30)
    sat = sit(bank, rng, 400, 12, adaptive=False)
    sat.right[(sat.item == 4) & (rng.random(sat.item.shape) < 0.6)] = 0
    flags = of_kind(look(evidence_of(bank, sat), NOBODY, CRITERIA), "item_drift")
    found = {flag.item: flag for flag in flags}
    assert found[4].value < -0.5
    assert found[4].said[0].key == "flag.item_drift.harder"


def test_a_handful_of_sittings_is_too_little_evidence() -> None:
    rng = rng_of(9)
    bank = make_bank(rng, 40)
    looked = look(evidence_of(bank, sit(bank, rng, 4, 8)), NOBODY, CRITERIA)
    assert looked.flags == ()
    judged = {one.kind: one for one in looked.judged}
    assert judged["person_misfit"].n_too_little == 4
    assert judged["answer_similarity"].n_too_little == 6
    assert judged["item_drift"].n_judged == 0
    assert all(line.shift is None for line in looked.drift)


def test_nothing_at_all_is_nothing_to_look_at() -> None:
    assert look(None, NOBODY, CRITERIA) == Looked(n_sittings=0, n_answers=0, flags=(), judged=(), drift=())


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def answered(sitting: int, item: int, published: Published | None, **more: object) -> Answered:
    fields = {"category": 1, "raw": '{"R":["A"]}', "shown_at": NOON, "answered_at": NOON + timedelta(seconds=30)} | more
    return Answered(sitting=sitting, item=item, published=published, **fields)


def published(item: int, difficulty: float) -> Published:
    parameters = {"item_id": f"i{item}", "model": "2pl", "discrimination": 1.0, "difficulty": difficulty}
    return Published(item=item, competency="sums", parameters=parameters)


def test_rows_become_arrays_and_new_parameters_make_another_item() -> None:
    sittings = [Seen(id=11, learner=1, population="p"), Seen(id=12, learner=2, population="p", timed=False)]
    rows = [
        answered(11, 5, published(5, 0.0)), answered(11, 6, None), answered(12, 5, published(5, 0.7)),
        answered(12, 7, published(7, 0.1), raw='{"S":["A"]}', category=0), answered(12, 6, None, raw='{"R":[]}'),
    ]  # fmt: skip
    evidence = gather(sittings, rows, ["sums"], np.eye(1))
    assert evidence is not None
    assert evidence.item_ids == (5, 6, 7)
    assert evidence.entry.tolist() == [0, -1, 1, 2, -1]
    assert evidence.letter.tolist() == [0, 0, 0, 0, -1]
    assert len(set(evidence.option.tolist())) == 4
    assert evidence.entry_item.tolist() == [0, 0, 2]
    assert evidence.seconds[0] == 30.0
    assert np.isnan(evidence.seconds[2:]).all()
    assert gather(sittings, [answered(11, 6, None)], ["sums"], np.eye(1)) is None


def test_who_may_close_what() -> None:
    assert outcomes_for("leak_alarm", {"psychometrician"}) == ("noted", "item_quarantined")
    assert outcomes_for("person_misfit", {"psychometrician"}) == ("noted",)
    assert outcomes_for("person_misfit", {"registrar"}) == ("noted", "sitting_voided")
    assert outcomes_for("person_misfit", {"learner", "advisor"}) == ()
    assert sees_names({"registrar"})
    assert not sees_names({"psychometrician", "advisor"})


ACCUSING = ("cheat", "copied", "stole", "guilty", "fraud", "triche", "copié", "volé", "coupable", "fraude")


@pytest.mark.parametrize("kind", KINDS)
def test_no_sentence_accuses(kind: str) -> None:
    from engine.messages import catalogue

    for language in LANGUAGES:
        said = [text for key, text in catalogue(language).items() if key.startswith("flag.") and kind in key]
        assert len(said) >= 2
        for text in said:
            assert not any(word in text.lower() for word in ACCUSING)
    assert say(message(f"flag.do.{kind}")).startswith("Worth a look")
