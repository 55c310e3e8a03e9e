"""Withdrawing and re-keying: who is affected, what hold-harmless keeps, what credentials follow."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decisions import Decision
from engine.policies import preset
from engine.rescoring import Correction, ScoredAnswer, ScoredSitting, apply, preview
from tests.engine.story import decision

POLICY = preset("nocti")
NOW = datetime(2027, 1, 1, tzinfo=UTC)


def decide(sitting: ScoredSitting, answers: tuple[ScoredAnswer, ...]) -> Decision:
    """Percent right of what counts; the cut is 70."""
    counted = [a.category for a in answers if a.category is not None]
    percent = 100.0 * sum(counted) / len(counted)
    return decision(POLICY, "post_test", percent, passed=percent >= 70)


def sitting(key: str, marks: str, credited: bool | None = None) -> ScoredSitting:
    answers = tuple(ScoredAnswer(item=f"i{n}", category=None if m == "." else int(m)) for n, m in enumerate(marks))
    blank = decision(POLICY, "post_test", 0, passed=False)
    plain = ScoredSitting(sitting=key, learner=f"l-{key}", occasion="post_test", answers=answers, decision=blank)
    decided = decide(plain, answers)
    return msgspec.structs.replace(plain, decision=decided, credited=decided.passed if credited is None else credited)


SITTINGS = [
    sitting("up", "0110111011"),  # 7 of 10 passes; without item 0: 7 of 9
    sitting("fails", "1110111000"),  # 6 of 10 fails; without item 0: 5 of 9
    sitting("falls", "1110111010"),  # 7 of 10 passes; without item 0: 6 of 9 fails
    sitting("rises", "0110111010"),  # 6 of 10 fails; without item 0: 6 of 9 = 66.7 fails
    sitting("lifted", "011111100"),  # 6 of 9 fails; without item 0: 6 of 8 passes
    sitting("untouched", ".110111011"),
]
WITHDRAW = Correction(item="i0", kind="withdraw", reason="two right answers")


def test_preview_names_the_affected_and_the_changed() -> None:
    seen = preview(SITTINGS, WITHDRAW, decide, hold_harmless=False)
    assert seen.n_sittings == 6
    assert {r.sitting: r.outcome for r in seen.affected} == {
        "up": "same", "fails": "same", "falls": "no_longer_passes", "rises": "same", "lifted": "now_passes",
    }  # fmt: skip
    assert {r.sitting: r.credential for r in seen.affected} == {
        "up": "replace", "fails": "", "falls": "revoke", "rises": "", "lifted": "issue",
    }  # fmt: skip
    assert (seen.count("now_passes"), seen.count("no_longer_passes")) == (1, 1)


def test_hold_harmless_takes_nothing_away() -> None:
    seen = preview(SITTINGS, WITHDRAW, decide, hold_harmless=True)
    assert {r.sitting: r.outcome for r in seen.affected if r.outcome != "same"} == {
        "fails": "held_harmless", "falls": "held_harmless", "lifted": "now_passes",
    }  # fmt: skip
    events = apply(seen, NOW)
    assert set(events) == {"up", "rises", "lifted"}
    assert events["lifted"].decision.passed
    assert events["lifted"].reason == "two right answers"


@given(
    st.lists(
        st.text("01.", min_size=4, max_size=12).filter(lambda m: sum(c != "." for c in m[1:]) > 0),
        min_size=1,
        max_size=8,
    )
)
def test_hold_harmless_never_lowers_anybody(marks: list[str]) -> None:
    sittings = [sitting(f"s{n}", m) for n, m in enumerate(marks)]
    seen = preview(sittings, WITHDRAW, decide, hold_harmless=True)
    for rescored in seen.affected:
        assert (rescored.stands.passed, rescored.stands.percent) >= (rescored.before.passed, rescored.before.percent)
        assert rescored.credential != "revoke"
    touched = {s.sitting for s in sittings if s.answers[0].category is not None}
    assert {r.sitting for r in seen.affected} <= touched


def test_rekeying_needs_a_category_for_every_sitting() -> None:
    partial = Correction(item="i0", kind="rekey", reason="wrong key", categories={"up": 1})
    with pytest.raises(ValueError, match="sitting 'fails' answered item 'i0'"):
        preview(SITTINGS, partial, decide, hold_harmless=False)
    whole = Correction(item="i0", kind="rekey", reason="wrong key", categories={s.sitting: 1 for s in SITTINGS})
    seen = preview(SITTINGS, whole, decide, hold_harmless=False)
    assert {r.sitting: r.after.percent for r in seen.affected}["rises"] == 70.0
    assert "falls" not in {r.sitting for r in seen.affected}
