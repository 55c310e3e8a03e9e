"""What an advisor may do: within the policy, what helps first, nothing once credit is given."""

from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest

from engine.admission import admit
from engine.events import AttemptOpened, Event, RuleLifted
from engine.journey import decide
from engine.leeway import leeway
from engine.policies.documents import preset, read_policy
from engine.policies.records import Policy, policy_hash
from engine.refusals import JourneyRefused
from engine.standing import read_log

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture
def policy() -> Policy:
    return read_policy((files("sample") / "assessments" / "data-literacy.toml").read_bytes())


def opened(policy: Policy) -> tuple[Event, ...]:
    event = AttemptOpened(
        at=NOW, learner="x", policy_key=policy.key, policy_version=policy.version, policy_hash=policy_hash(policy)
    )
    return admit(policy, (), event)


def options(policy: Policy, events: tuple[Event, ...]) -> list[tuple[str, str, str, bool]]:
    found = leeway(policy, read_log(events), decide(policy, events, NOW))
    return [(one.kind, one.occasion, one.rule, one.helps) for one in found]


def test_every_lift_offered_is_admitted_and_none_is_offered_twice(policy: Policy) -> None:
    events = opened(policy)
    for number in range(4):
        lifts = [one for one in leeway(policy, read_log(events), decide(policy, events, NOW)) if one.kind == "lift"]
        if not lifts:
            break
        one = lifts[0]
        lifted = RuleLifted(
            at=NOW + timedelta(minutes=number), rule=one.rule, occasion=one.occasion, by="a", reason="ill",
            period=one.most,
        )  # type: ignore[arg-type]  # fmt: skip
        events = admit(policy, events, lifted)
        again = RuleLifted(at=lifted.at, rule=lifted.rule, occasion=one.occasion, by="a", reason="ill", period=one.most)
        with pytest.raises(JourneyRefused):
            admit(policy, events, again)
    assert number == len(policy.lifts) == 3


def test_what_helps_stands_first(policy: Policy) -> None:
    found = options(policy, opened(policy))
    assert [helps for *_, helps in found] == sorted((helps for *_, helps in found), reverse=True)
    assert ("lift", "post_test", "attempts", False) in found


def test_an_approval_is_offered_when_it_is_what_is_missing() -> None:
    policy = preset("wgu")
    kinds = {kind for kind, *_ in options(policy, opened(policy))}
    journey = decide(policy, opened(policy), NOW)
    assert ("approve" in kinds) == any(refused.rule == "approval" for refused in journey.refused)
