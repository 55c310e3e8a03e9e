"""The gate to the log: an event enters only when the policy and the log before it allow it."""

from collections.abc import Iterator, Sequence

from engine.attestations import link_refusals, rating_refusals, requirement_of
from engine.decisions import Decision
from engine.events import (
    ApprovalGiven,
    AttemptOpened,
    AttestationInvited,
    AttestationReceived,
    CreditAwarded,
    CreditRebased,
    CreditRevoked,
    Event,
    FirstItemShown,
    PauseEnded,
    PauseTaken,
    RuleLifted,
    SittingFinished,
    SittingRescored,
    SittingStarted,
    SittingVoided,
)
from engine.journey import decide, not_eligible, refusals
from engine.messages import message
from engine.pauses import pauses_left, pauses_of, running, seconds_added
from engine.periods import after, notation
from engine.policies.records import Occasion, Policy, policy_hash, zone_of
from engine.refusals import JourneyRefused, Refusal, refusal
from engine.standing import Sitting, Standing, read_log


def admit(policy: Policy, events: Sequence[Event], proposed: Event) -> tuple[Event, ...]:
    """The log with the proposed event at its end.

    Raises:
        JourneyRefused: with every rule that stands in the way and the date it lifts.
    """
    found = tuple(_refusals(policy, events, proposed))
    if found:
        raise JourneyRefused(*found)
    return (*events, proposed)


def _refusals(policy: Policy, events: Sequence[Event], proposed: Event) -> Iterator[Refusal]:
    standing = read_log(events)
    if standing.latest is not None and proposed.at < standing.latest:
        yield refusal("order", message("refusal.order", when=standing.latest))
    if isinstance(proposed, AttemptOpened):
        yield from _opening(policy, standing, proposed)
        return
    if standing.opened is None:
        yield refusal("not_opened", message("refusal.not_opened"))
        return
    yield from _specific(policy, events, standing, proposed)


def _specific(policy: Policy, events: Sequence[Event], standing: Standing, proposed: Event) -> Iterator[Refusal]:
    match proposed:
        case SittingStarted():
            yield from _starting(policy, standing, proposed)
        case FirstItemShown():
            yield from _showing(policy, standing, proposed)
        case SittingFinished() | SittingRescored():
            yield from _finishing(policy, standing, proposed)
        case SittingVoided():
            yield from _voiding(standing, proposed)
        case ApprovalGiven():
            yield from _known_occasion(policy, proposed.occasion)
        case RuleLifted():
            yield from _lifting(policy, standing, proposed)
        case AttestationInvited():
            if requirement_of(policy, proposed.requirement) is None:
                said = message("refusal.attestation_unknown", requirement=proposed.requirement)
                yield refusal("attestation", said)
        case AttestationReceived():
            yield from link_refusals(policy, standing, proposed.token_hash, proposed.at)
            yield from rating_refusals(policy, proposed)
        case PauseTaken():
            yield from _pausing(events, standing, proposed)
        case PauseEnded():
            if running(pauses_of(events, proposed.sitting), proposed.at) is None:
                yield refusal("no_pause", message("refusal.no_pause"))
        case CreditAwarded():
            yield from _awarding(policy, events, proposed)
        case CreditRebased():
            journey = decide(policy, events, proposed.at)
            if not journey.rebase or (proposed.sitting, proposed.grade) != (journey.rebase, journey.grade):
                yield refusal("no_rebase", message("refusal.no_rebase"))
        case CreditRevoked():
            if standing.credit is None:
                yield refusal("no_credit", message("refusal.no_credit"))
        case _:
            pass


def _opening(policy: Policy, standing: Standing, proposed: AttemptOpened) -> Iterator[Refusal]:
    if standing.opened is not None:
        yield refusal("already_open", message("refusal.already_open"))
    same = (proposed.policy_key, proposed.policy_version) == (policy.key, policy.version)
    if not same or proposed.policy_hash != policy_hash(policy):
        yield refusal("policy_version", message("refusal.policy_version", version=policy.version))
    yield from not_eligible(policy, proposed.programmes, proposed.credits_held, proposed.at)


def _known_occasion(policy: Policy, key: str) -> Iterator[Refusal]:
    if _find(policy, key) is None:
        known = ", ".join(occasion.key for occasion in policy.occasions)
        yield refusal("occasion", message("refusal.occasion_unknown", occasion=key, known=known))


def _find(policy: Policy, key: str) -> Occasion | None:
    return next((occasion for occasion in policy.occasions if occasion.key == key), None)


def _starting(policy: Policy, standing: Standing, proposed: SittingStarted) -> Iterator[Refusal]:
    occasion = _find(policy, proposed.occasion)
    if occasion is None:
        yield from _known_occasion(policy, proposed.occasion)
        return
    if any(sitting.key == proposed.sitting for sitting in standing.sittings):
        yield refusal("sitting_twice", message("refusal.sitting_twice", sitting=proposed.sitting))
    if proposed.form not in occasion.forms:
        said = message("refusal.form", form=proposed.form, forms=", ".join(occasion.forms))
        yield refusal("form", said, about=occasion.key)
    yield from refusals(policy, occasion, standing, proposed.at)


def _sitting(standing: Standing, key: str) -> Sitting | None:
    return next((sitting for sitting in standing.sittings if sitting.key == key), None)


def _showing(policy: Policy, standing: Standing, proposed: FirstItemShown) -> Iterator[Refusal]:
    sitting = _sitting(standing, proposed.sitting)
    if sitting is None or sitting.shown is not None or sitting.ended is not None:
        yield refusal("sitting_state", message("refusal.sitting_not_waiting", sitting=proposed.sitting))
        return
    # Only the latest start may show an item, and only if it could still be started: two starts made before either
    # showed anything would otherwise use up two attempts at once.
    occasion = _find(policy, sitting.occasion)
    assert occasion is not None
    if sitting.key != standing.sittings[-1].key:
        yield refusal("sitting_state", message("refusal.sitting_replaced", sitting=proposed.sitting))
    yield from refusals(policy, occasion, standing, proposed.at)


def _finishing(policy: Policy, standing: Standing, proposed: SittingFinished | SittingRescored) -> Iterator[Refusal]:
    sitting = _sitting(standing, proposed.sitting)
    finished = isinstance(proposed, SittingFinished)
    if sitting is None or sitting.voided or not (sitting.open if finished else sitting.decision is not None):
        key = "sitting_not_open" if finished else "sitting_not_decided"
        yield refusal("sitting_state", message(f"refusal.{key}", sitting=proposed.sitting))
        return
    yield from _matching(policy, sitting, proposed.decision)


def _matching(policy: Policy, sitting: Sitting, decision: Decision) -> Iterator[Refusal]:
    if (decision.policy_key, decision.policy_version) != (policy.key, policy.version):
        yield refusal("policy_version", message("refusal.policy_version", version=policy.version))
    if decision.occasion != sitting.occasion:
        said = message("refusal.decision_occasion", occasion=sitting.occasion)
        yield refusal("occasion", said, about=sitting.occasion)


def _voiding(standing: Standing, proposed: SittingVoided) -> Iterator[Refusal]:
    sitting = _sitting(standing, proposed.sitting)
    if sitting is None or sitting.voided:
        yield refusal("sitting_state", message("refusal.sitting_not_voidable", sitting=proposed.sitting))
    elif standing.credit is not None and standing.credit.sitting == sitting.key:
        yield refusal("credit_first", message("refusal.credit_first"))


def _pausing(events: Sequence[Event], standing: Standing, proposed: PauseTaken) -> Iterator[Refusal]:
    sitting, granted = _sitting(standing, proposed.sitting), standing.accommodation
    if sitting is None or not sitting.open:
        yield refusal("sitting_state", message("refusal.sitting_not_open", sitting=proposed.sitting))
        return
    pauses = pauses_of(events, proposed.sitting)
    if running(pauses, proposed.at) is not None:
        yield refusal("pause_on", message("refusal.pause_on"))
    elif not pauses_left(granted, pauses):
        yield refusal("pauses", message("refusal.pauses", n=granted.pauses))
    elif (proposed.minutes, proposed.seconds) != (
        granted.pause_minutes,
        seconds_added(granted, pauses, proposed.at),
    ):
        yield refusal("pauses", message("refusal.pause_differs", n=granted.pause_minutes))


def _lifting(policy: Policy, standing: Standing, proposed: RuleLifted) -> Iterator[Refusal]:
    allowed = [lift for lift in policy.lifts if lift.rule == proposed.rule and lift.occasion == proposed.occasion]
    if not allowed:
        said = message("refusal.lift", rule=proposed.rule, occasion=proposed.occasion)
        yield refusal("lift", said, about=proposed.occasion)
        return
    lift = allowed[0]
    used = [done for done in standing.lifts if (done.rule, done.occasion) == (proposed.rule, proposed.occasion)]
    if len(used) >= lift.times:
        yield refusal("lift", message("refusal.lift_used", rule=proposed.rule, times=lift.times), about=lift.occasion)
    if lift.most is not None:
        zone = zone_of(policy)
        wanted = after(proposed.at, proposed.period, zone) if proposed.period else None
        if wanted is None or wanted > after(proposed.at, lift.most, zone):
            yield refusal("lift", message("refusal.lift_most", period=notation(lift.most)), about=lift.occasion)


def _awarding(policy: Policy, events: Sequence[Event], proposed: CreditAwarded) -> Iterator[Refusal]:
    journey = decide(policy, events, proposed.at)
    if journey.credit is not None:
        yield refusal("already_credited", message("refusal.already_credited", when=journey.credit.at))
        return
    if not journey.credit_due:
        yield refusal("credit_not_due", message("refusal.credit_not_due"))
        return
    graded = next(part for part in journey.occasions if part.occasion == policy.credit.graded_by)
    due = (graded.counting, journey.hours, journey.grade, policy.version)
    if (proposed.sitting, proposed.hours, proposed.grade, proposed.policy_version) != due:
        said = message("refusal.credit_differs", hours=str(journey.hours), grade=journey.grade)
        yield refusal("credit_differs", said)
