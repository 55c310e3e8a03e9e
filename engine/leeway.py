"""What an advisor may do for one learner now, as far as the policy lets: approve, lift a rule, record learning."""

from collections.abc import Iterator
from typing import Literal

from engine.journey import Journey
from engine.periods import Period
from engine.policies.gates import Learning
from engine.policies.records import Policy, flat
from engine.standing import Standing
from itembank.records import Record

OVER = frozenset({"credited", "credit_due", "closed"})


class Leeway(Record, frozen=True, kw_only=True):
    """One thing an advisor may do.

    `left`: how many more times (0 = as often as asked for); `most`: the most that may be taken off a wait, None =
    all of it; `minutes`: what the policy asks of learning; `helps`: whether a rule stands in the way that this removes.
    """

    kind: Literal["approve", "lift", "learning"]
    occasion: str
    rule: str
    left: int = 0
    most: Period | None = None
    minutes: int = 0
    helps: bool = True


def leeway(policy: Policy, standing: Standing, journey: Journey) -> tuple[Leeway, ...]:
    """Everything that may be done, what helps at once first; nothing once the journey is over."""
    if journey.state in OVER:
        return ()
    found = [*_approvals(journey), *_lifts(policy, standing, journey), *_learning(policy, journey)]
    return tuple(sorted(found, key=lambda one: not one.helps))


def _refused(journey: Journey, rule: str, occasion: str) -> bool:
    return any(refused.rule == rule and refused.about == occasion for refused in journey.refused)


def _approvals(journey: Journey) -> Iterator[Leeway]:
    for refused in journey.refused:
        if refused.rule == "approval":
            yield Leeway(kind="approve", occasion=refused.about, rule="approval")


def _lifts(policy: Policy, standing: Standing, journey: Journey) -> Iterator[Leeway]:
    for lift in policy.lifts:
        used = sum((done.rule, done.occasion) == (lift.rule, lift.occasion) for done in standing.lifts)
        if used < lift.times:
            yield Leeway(
                kind="lift", occasion=lift.occasion, rule=lift.rule, left=lift.times - used, most=lift.most,
                helps=_refused(journey, lift.rule, lift.occasion),
            )  # fmt: skip


def _learning(policy: Policy, journey: Journey) -> Iterator[Leeway]:
    asked: dict[str, Leeway] = {}
    for occasion in policy.occasions:
        for gate in flat(occasion.gates):
            if isinstance(gate, Learning) and gate.what not in asked:
                asked[gate.what] = Leeway(
                    kind="learning", occasion=occasion.key, rule=gate.what, minutes=gate.minutes,
                    helps=any(_refused(journey, rule, occasion.key) for rule in ("learning", "any_of")),
                )  # fmt: skip
    yield from asked.values()
