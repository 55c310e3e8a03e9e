"""Policies as documents: equal after a round trip whatever they hold, refused with the place otherwise."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.periods import Period
from engine.policies import (
    AnyOf,
    Approval,
    AttestationRequirement,
    Credit,
    Disclosure,
    Eligibility,
    GradeBand,
    GradeMap,
    Learning,
    Lift,
    Occasion,
    Passed,
    PercentCut,
    Policy,
    StandardSettingCut,
    Taken,
    ThetaCut,
    Wait,
    policy_hash,
    preset,
    preset_names,
    read_policy,
    write_policy,
)
from engine.refusals import PolicyInvalid

PLAIN = write_policy(preset("kctcs"))

texts = st.text(st.characters(blacklist_categories=("Cs",)), max_size=20)
periods = st.builds(Period, days=st.integers(1, 400), hours=st.integers(0, 99), months=st.integers(0, 30))
finite = st.floats(0.5, 99, allow_nan=False)
cuts = st.one_of(
    st.builds(PercentCut, value=finite),
    st.builds(ThetaCut, value=st.floats(-6, 6)),
    st.builds(StandardSettingCut, value=finite, standard_error=st.floats(0, 9), unit=st.just("percent"), method=texts),
)
flat_gates = st.one_of(
    st.builds(Wait, period=periods, since=st.sampled_from(["first", "last"]), from_attempt=st.integers(1, 4)),
    st.builds(Learning, what=texts, minutes=st.integers(0, 900), since=st.just(("pre_test",))),
    st.builds(Approval, from_attempt=st.integers(1, 3)),
    st.builds(Passed, occasion=st.just("pre_test"), within=st.none() | periods),
    st.builds(Taken, occasion=st.just("pre_test"), within=st.none() | periods),
)
gates = st.one_of(flat_gates, st.builds(AnyOf, gates=st.lists(flat_gates, min_size=1, max_size=3).map(tuple)))
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
policies = st.builds(
    Policy,
    key=st.just("p"),
    title=texts,
    follows=texts,
    competencies=st.just(("a", "b.c", "ü x")),
    time_zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]),
    eligibility=st.builds(Eligibility, programmes=st.lists(texts, max_size=3).map(tuple), opens=st.none() | moments),
    disclosure=st.builds(Disclosure, cost=texts, notes=texts, usual_minutes=st.none() | st.integers(1, 999)),
    occasions=st.builds(
        lambda cut, own, mine: (
            Occasion(key="pre_test", cut=PercentCut(value=50)),
            Occasion(key="post_test", cut=cut, competency_cuts=own, gates=tuple(mine)),
        ),
        cuts, st.dictionaries(st.sampled_from(["a", "b.c", "ü x"]), cuts), st.lists(gates, max_size=3),
    ),
    credit=st.builds(
        Credit,
        hours=st.decimals("0.1", "9.9", places=1),
        grades=st.just(GradeMap(bands=(GradeBand(minimum=90, grade='A"\n'),), below="E")),
    ),
    attestations=st.just((AttestationRequirement(key="boss", role="boss", ratings=("no", "yes"), minimum="yes"),)),
    lifts=st.just((Lift(rule="wait", occasion="post_test", most=Period(days=2)),)),
)  # fmt: skip


@given(policies)
def test_any_policy_returns_from_both_forms(policy: Policy) -> None:
    assert read_policy(write_policy(policy)) == policy
    assert read_policy(write_policy(policy, format="json"), format="json") == policy
    assert policy_hash(read_policy(write_policy(policy))) == policy_hash(policy)


@pytest.mark.parametrize("name", preset_names())
def test_presets_return_and_say_what_they_follow(name: str) -> None:
    policy = preset(name)
    assert read_policy(write_policy(policy)) == policy
    assert policy.follows
    assert policy.key == name


def test_there_are_five_presets() -> None:
    assert preset_names() == ("aleks", "kctcs", "nocti", "waterloo", "wgu")
    with pytest.raises(PolicyInvalid, match="choose one of aleks, kctcs"):
        preset("mit")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (('value = 80.0', 'value = 180.0'), r"`float` <= 100.* `\$.occasions\[0\].cut.value`"),
        (('scale = "percent"', 'scale = "stanine"'), r"Invalid value 'stanine' - at `\$.occasions\[0\].cut.scale`"),
        (("maximum = 1", "maximum = 0"), r"`\$.occasions\[0\].maximum`"),
        (("maximum = 1", "maximun = 1"), r"unknown field `maximun` - at `\$.occasions\[0\]`"),
        (('hours = "0.6"', 'hours = "0"'), "credit.hours is 0; write a number above 0"),
        (('hours = "0.6"', 'hours = "many"'), r"`\$.credit.hours`"),
        (("America/New_York", "Kentucky"), "time_zone 'Kentucky' is no IANA time zone"),
        (('"taken"\noccasion = "pre_test"', '"taken"\noccasion = "x"'), "post_test.gates names the occasion 'x'"),
        (('key = "post_test"', 'key = "pre_test"'), "'pre_test' stands twice"),
        (("key = ", "key "), "not valid TOML"),
    ],
)  # fmt: skip
def test_refusals_name_the_place(change: tuple[str, str], sentence: str) -> None:
    assert change[0] in PLAIN
    with pytest.raises(PolicyInvalid, match=sentence):
        read_policy(PLAIN.replace(*change))


BAND = GradeBand(minimum=1, grade="a")


def asked(ratings: tuple[str, ...], minimum: str) -> AttestationRequirement:
    return AttestationRequirement(key="b", role="b", ratings=ratings, minimum=minimum)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"occasions": ()}, "occasions is empty"),
        ({"credit": Credit(hours=Decimal(1), needs=())}, "credit would be given for nothing"),
        ({"credit": Credit(hours=Decimal(1), graded_by="pre_test")}, "must be one of credit.needs"),
        ({"credit": Credit(hours=Decimal(1), grades=GradeMap(bands=(BAND, BAND)))}, "must fall"),
        ({"lifts": (Lift(rule="wait", occasion="x"),)}, "lifts names the occasion 'x'"),
        ({"attestations": (asked(("a",), "z"),)}, "'z' is none of its"),
        ({"attestations": (asked(("a", "a"), "a"),)}, "repeats a word"),
    ],
)  # fmt: skip
def test_contradictions_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        msgspec.structs.replace(preset("kctcs"), **changes)


def test_a_bottomless_document_is_refused() -> None:
    deep = '{"kind":"any_of","gates":[' * 20_000
    with pytest.raises(PolicyInvalid):
        read_policy('{"key":"k","title":"t","occasions":[{"key":"post_test","gates":[' + deep, format="json")
    with pytest.raises(PolicyInvalid, match="not valid TOML"):
        read_policy(b"\xff\xfe\x00")
