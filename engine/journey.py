"""From a log of events to where a learner stands and what may be done next: one pure function decides it all.

`decide(policy, events, now)` says the state, every occasion that may be sat, every one that may not with the rule and
the date it lifts, the score that counts, the grade and whether credit is due. `admit` (in `admission`) lets an event
into the log by the same function, so no log can hold what the policy forbids.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from engine.accommodations import Accommodation, time_limit_seconds
from engine.attestations import attested
from engine.decisions import Decision, grade_of
from engine.events import CreditAwarded, Event
from engine.messages import message
from engine.periods import Moment, after
from engine.policies.gates import Passed
from engine.policies.records import Occasion, Policy, flat, occasion_of, zone_of
from engine.refusals import Refusal, refusal
from engine.retakes import Question, attempts_in_period, refused_by_attempts, refused_by_gates
from engine.standing import Sitting, Standing, counting, has_passed, passed, read_log
from itembank.records import Record

State = Literal[
    "new", "ready", "sitting", "waiting", "needs_action", "awaiting_attestation", "credit_due", "credited",
    "exhausted", "closed",
]  # fmt: skip


class Permission(Record, frozen=True, kw_only=True):
    """Something that may be done now. `until`: when the right to do it lapses, None = not by time alone."""

    action: Literal["open", "start", "continue", "award_credit"]
    occasion: str = ""
    sitting: str = ""
    forms: tuple[str, ...] = ()
    attempt: int = 0
    attempts_left: int | None = None
    time_limit_seconds: int | None = None
    until: Moment | None = None


class OccasionStanding(Record, frozen=True, kw_only=True):
    """One occasion: how often sat, which sitting counts, whether it is passed."""

    occasion: str
    attempts_used: int
    passed: bool
    counting: str = ""
    decision: Decision | None = None


class Journey(Record, frozen=True, kw_only=True):
    """Where the learner stands at `now`.

    `opens`: the first moment at which time alone opens an occasion that credit needs, when none is open now.
    `outstanding`: keys of the attestations still missing. `credit`: the live one; `hours` and `grade`:
    what it is worth, or what is due. `credit_founded` is False when credit stands on a score that passes no more;
    `rebase`: the sitting that it should rest on instead, because that one passes still or is higher where the highest
    counts; "" when there is none.
    """

    state: State
    policy_key: str
    policy_version: str
    may: tuple[Permission, ...] = ()
    refused: tuple[Refusal, ...] = ()
    occasions: tuple[OccasionStanding, ...] = ()
    sittings: tuple[Sitting, ...] = ()
    grade: str = ""
    hours: Decimal = Decimal(0)
    credit: CreditAwarded | None = None
    credit_due: bool = False
    credit_founded: bool = True
    rebase: str = ""
    outstanding: tuple[str, ...] = ()
    opens: Moment | None = None
    accommodation: Accommodation = Accommodation()


def decide(policy: Policy, events: Sequence[Event], now: datetime) -> Journey:
    """Where the log leaves the learner at `now` under the policy.

    Args:
        policy: the version the attempt was opened under.
        events: the whole log, oldest first.
        now: an aware datetime.
    """
    standing = read_log(events)
    held = _held(policy, standing, now)
    answers = {occasion.key: tuple(refusals(policy, occasion, standing, now)) for occasion in policy.occasions}
    needed = {key: answers[key] for key in policy.credit.needs}
    may = tuple(_permissions(policy, standing, now, answers, held.due))
    refused = tuple(refusal for refusals_ in answers.values() for refusal in refusals_)
    earned = held.due or standing.credit is not None
    return Journey(
        state=_state(policy, standing, may, answers, held.due, held.done and bool(held.outstanding)),
        policy_key=policy.key, policy_version=policy.version, may=may, refused=refused, occasions=held.occasions,
        sittings=standing.sittings, grade=_grade(policy, held.graded, standing) if earned else "",
        hours=policy.credit.hours if earned else Decimal(0), credit=standing.credit, credit_due=held.due,
        credit_founded=held.founded, rebase=held.rebase, outstanding=held.outstanding,
        opens=_opens(needed) if all(needed.values()) else None, accommodation=standing.accommodation,
    )  # fmt: skip


def moves_credit(policy: Policy, events: Sequence[Event], now: datetime) -> bool:
    """Whether credit is due at `now`, or should rest on another sitting: `decide`, asked for nothing else."""
    held = _held(policy, read_log(events), now)
    return held.due or bool(held.rebase)


class _Held(NamedTuple):
    """What a standing holds of credit, see `Journey`. `done`: all occasions that the credit needs are passed."""

    occasions: tuple[OccasionStanding, ...]
    graded: OccasionStanding
    outstanding: tuple[str, ...]
    done: bool
    due: bool
    founded: bool
    rebase: str


def _held(policy: Policy, standing: Standing, now: datetime) -> _Held:
    occasions = tuple(_occasion(policy, occasion, standing, now) for occasion in policy.occasions)
    graded = next(part for part in occasions if part.occasion == policy.credit.graded_by)
    outstanding = tuple(r.key for r in policy.attestations if not attested(policy, r, standing, now))
    done = all(part.passed for part in occasions if part.occasion in policy.credit.needs)
    due = standing.opened is not None and done and not outstanding and standing.credit is None
    founded = _founded(policy, standing)
    rebase = "" if outstanding or not done else _rebase(policy, standing, graded, founded)
    return _Held(occasions, graded, outstanding, done, due, founded, rebase)


def _founded(policy: Policy, standing: Standing) -> bool:
    """Whether the sitting that the live credit rests on still passes, and something in every other needed occasion."""
    if standing.credit is None:
        return True
    passing = {s.key: s.occasion for s in standing.sittings if s.decision is not None and s.decision.passed}
    others = set(policy.credit.needs) - {policy.credit.graded_by}
    return standing.credit.sitting in passing and others <= set(passing.values())


def _rebase(policy: Policy, standing: Standing, graded: OccasionStanding, founded: bool) -> str:
    """The sitting that the live credit should rest on instead of its own; "" for none."""
    if standing.credit is None or graded.decision is None or graded.counting == standing.credit.sitting:
        return ""
    if not founded:
        return graded.counting
    basis = next(sitting for sitting in standing.sittings if sitting.key == standing.credit.sitting)
    highest = occasion_of(policy, graded.occasion).counts == "highest"
    better = basis.decision is not None and graded.decision.percent > basis.decision.percent
    return graded.counting if highest and better else ""


def _occasion(policy: Policy, occasion: Occasion, standing: Standing, now: datetime) -> OccasionStanding:
    sitting = counting(policy, occasion, standing, now)
    return OccasionStanding(
        occasion=occasion.key,
        attempts_used=len(standing.of(occasion.key)),
        passed=has_passed(sitting),
        counting=sitting.key if sitting else "",
        decision=sitting.decision if sitting else None,
    )


def refusals(policy: Policy, occasion: Occasion, standing: Standing, now: datetime) -> Iterator[Refusal]:
    """Every rule that forbids starting a sitting of the occasion now; none means that it may be started."""
    ask = Question(policy, occasion, standing, now)
    if standing.opened is None:
        yield ask.no("not_opened", message("refusal.not_opened"))
        return
    if standing.closed is not None:
        yield ask.no("closed", message("refusal.closed", when=standing.closed.at.astimezone(zone_of(policy))))
        return
    yield from not_eligible(policy, standing.opened.programmes, standing.opened.credits_held, now, occasion.key)
    for sitting in standing.sittings:
        if sitting.open:
            yield ask.no("sitting_open", message("refusal.sitting_open", occasion=sitting.occasion))
    done = list(_already(ask))
    yield from done
    if not done:
        yield from refused_by_attempts(ask)
        yield from refused_by_gates(ask)


def _already(ask: Question) -> Iterator[Refusal]:
    occasion = ask.occasion
    again = occasion.after_pass == "open"
    if ask.standing.credit is not None and not (again and occasion.key in ask.policy.credit.needs):
        when = ask.standing.credit.at.astimezone(zone_of(ask.policy))
        yield ask.no("already_credited", message("refusal.already_credited", when=when))
    elif not again and passed(ask.policy, occasion, ask.standing, ask.now):
        yield ask.no("already_passed", message("refusal.already_passed", occasion=occasion.key))


def not_eligible(
    policy: Policy, programmes: Sequence[str], credits_held: Sequence[str], now: datetime, about: str = ""
) -> Iterator[Refusal]:
    """Why somebody of these programmes, with these credits, may not start at `now`."""
    rule, zone = policy.eligibility, zone_of(policy)
    if rule.programmes and not set(rule.programmes) & set(programmes):
        said = message("refusal.programme", programmes=", ".join(rule.programmes))
        yield refusal("programme", said, about=about)
    missing = [key for key in rule.prerequisites if key not in credits_held]
    if missing:
        yield refusal("prerequisite", message("refusal.prerequisite", modules=", ".join(missing)), about=about)
    if rule.opens is not None and now < rule.opens:
        opens = rule.opens.astimezone(zone)
        yield refusal("window", message("refusal.not_yet_open", when=opens), not_before=opens, about=about)
    if rule.closes is not None and now >= rule.closes:
        yield refusal("window", message("refusal.window_closed", when=rule.closes.astimezone(zone)), about=about)


def _permissions(
    policy: Policy, standing: Standing, now: datetime, answers: dict[str, tuple[Refusal, ...]], due: bool
) -> Iterator[Permission]:
    if standing.opened is None and not any(not_eligible(policy, (), (), now)):
        yield Permission(action="open")
    if due:
        yield Permission(action="award_credit")
    for sitting in standing.sittings:
        if sitting.open and standing.closed is None:
            yield Permission(action="continue", occasion=sitting.occasion, sitting=sitting.key)
    for occasion in policy.occasions:
        if not answers[occasion.key]:
            yield _start(policy, occasion, standing, now)


def _start(policy: Policy, occasion: Occasion, standing: Standing, now: datetime) -> Permission:
    ask = Question(policy, occasion, standing, now)
    used = len(attempts_in_period(ask))
    extra = sum(1 for lift in standing.lifts if lift.rule == "attempts" and lift.occasion == occasion.key)
    return Permission(
        action="start", occasion=occasion.key, forms=occasion.forms, attempt=used + 1,
        attempts_left=None if occasion.maximum is None else occasion.maximum + extra - used,
        time_limit_seconds=time_limit_seconds(occasion.time_limit_minutes, standing.accommodation),
        until=min(_lapses(ask), default=None),
    )  # fmt: skip


def _lapses(ask: Question) -> Iterator[datetime]:
    """When the passes that open the occasion run out, and when the assessment closes."""
    zone = zone_of(ask.policy)
    if ask.policy.eligibility.closes is not None:
        yield ask.policy.eligibility.closes.astimezone(zone)
    for gate in flat(ask.occasion.gates):
        if isinstance(gate, Passed) and gate.within is not None:
            ends = [s.ended for s in ask.standing.of(gate.occasion) if s.ended and s.decision and s.decision.passed]
            yield from ([after(max(ends), gate.within, zone)] if ends else [])


def _can_start(may: tuple[Permission, ...]) -> bool:
    return any(permission.action == "start" for permission in may)


def _opens(answers: dict[str, tuple[Refusal, ...]]) -> datetime | None:
    """The first moment at which every rule against some occasion has lifted by time alone."""
    moments = []
    for refused in answers.values():
        dates = [refusal.not_before for refusal in refused]
        if dates and all(date is not None for date in dates):
            moments.append(max(date for date in dates if date is not None))
    return min(moments, default=None)


def _state(
    policy: Policy,
    standing: Standing,
    may: tuple[Permission, ...],
    answers: dict[str, tuple[Refusal, ...]],
    due: bool,
    attestation_missing: bool,
) -> State:
    if standing.opened is None:
        return "new"
    if standing.credit is not None:
        return "credited"
    if due:
        return "credit_due"
    if standing.closed is not None:
        return "closed"
    if any(permission.action == "continue" for permission in may):
        return "sitting"
    if attestation_missing:
        return "awaiting_attestation"
    needed = {key: answers[key] for key in policy.credit.needs}
    if any(not refused for refused in needed.values()):
        return "ready"
    if any(_final(policy, refusal) for refused in needed.values() for refusal in refused):
        return "exhausted"
    if _opens(needed) is not None:
        return "waiting"
    return "ready" if _can_start(may) else "needs_action"


def _final(policy: Policy, refused: Refusal) -> bool:
    """Whether nothing the learner or an advisor may do lifts the refusal."""
    if refused.not_before is not None or refused.rule not in ("attempts", "window", "programme"):
        return False
    return not any(lift.rule == refused.rule and lift.occasion == refused.about for lift in policy.lifts)


def _grade(policy: Policy, graded: OccasionStanding, standing: Standing) -> str:
    if graded.decision is not None and graded.passed:
        return grade_of(policy.credit.grades, graded.decision)
    return standing.credit.grade if standing.credit is not None else ""
