"""How often, after what and after how long an occasion may be sat: every rule answers with refusals or with nothing."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from engine.events import RuleLifted
from engine.messages import Message, Value, message, say
from engine.periods import after, before, notation
from engine.policies.gates import AnyOf, Approval, Gate, Learning, Passed, Taken, Wait, binds
from engine.policies.records import Occasion, Policy, occasion_of, zone_of
from engine.refusals import Refusal, refusal
from engine.standing import Sitting, Standing, passed


class Question(NamedTuple):
    """May `occasion` be sat `now`? All that a rule looks at."""

    policy: Policy
    occasion: Occasion
    standing: Standing
    now: datetime

    def no(self, rule: str, said: Message, not_before: datetime | None = None) -> Refusal:
        """A refusal about this occasion."""
        return refusal(rule, said, not_before=not_before, about=self.occasion.key)

    @property
    def since(self) -> int:
        """Where in the log the last sitting of the occasion began: what was lifted before it has been used."""
        sittings = self.standing.of(self.occasion.key)
        return sittings[-1].start_place if sittings else -1


def attempts_in_period(question: Question) -> tuple[Sitting, ...]:
    """The sittings that count against the maximum now: those of the running period, or all where there is none."""
    sittings = question.standing.of(question.occasion.key)
    period = question.occasion.per
    if period is None or not sittings:
        return sittings
    running: list[Sitting] = []
    for sitting in sittings:
        if running and sitting.started >= _period_end(question, running[0]):
            running = []
        running.append(sitting)
    return tuple(running) if question.now < _period_end(question, running[0]) else ()


def _period_end(question: Question, first: Sitting) -> datetime:
    assert question.occasion.per is not None
    assert first.shown is not None
    return after(first.shown, question.occasion.per, zone_of(question.policy))


def refused_by_attempts(question: Question) -> Iterator[Refusal]:
    """The maximum, with what an advisor added; in a rolling period, with the date the next one begins."""
    maximum = question.occasion.maximum
    if maximum is None:
        return
    used = attempts_in_period(question)
    extra = sum(1 for lift in question.standing.lifts if _lifts(lift, "attempts", question))
    if len(used) < maximum + extra:
        return
    values: dict[str, Value] = {"occasion": question.occasion.key, "maximum": maximum + extra}
    if question.occasion.per is None:
        yield question.no("attempts", message("refusal.attempts", **values))
        return
    end = _period_end(question, used[0])
    yield question.no("attempts", message("refusal.attempts_period", **values, when=end), end)


def refused_by_gates(question: Question) -> Iterator[Refusal]:
    """Every gate of the occasion that binds the next sitting and is shut."""
    attempt = len(attempts_in_period(question)) + 1
    for gate in question.occasion.gates:
        if binds(gate, attempt):
            yield from _shut(gate, question)


def _shut(gate: Gate, question: Question) -> Iterator[Refusal]:
    match gate:
        case Wait():
            yield from _wait(gate, question)
        case Learning():
            yield from _learning(gate, question)
        case Approval():
            yield from _approval(question)
        case Passed():
            yield from _passed(gate, question)
        case Taken():
            yield from _taken(gate, question)
        case AnyOf():
            yield from _any_of(gate, question)


def _lifts(lift: RuleLifted, rule: str, question: Question) -> bool:
    return lift.rule == rule and lift.occasion == question.occasion.key


def _unused(rule: str, question: Question) -> list[RuleLifted]:
    told = zip(question.standing.lift_places, question.standing.lifts)
    return [lift for place, lift in told if _lifts(lift, rule, question) and place > question.since]


def _wait(gate: Wait, question: Question) -> Iterator[Refusal]:
    sittings = attempts_in_period(question)
    ended = [sitting.ended for sitting in sittings if sitting.ended is not None]
    if not ended:
        return
    reference = ended[0] if gate.since == "first" else ended[-1]
    zone = zone_of(question.policy)
    opens = after(reference, gate.period, zone)
    for lift in _unused("wait", question):
        opens = max(before(opens, lift.period, zone), reference) if lift.period else reference
    if question.now < opens:
        values = {"occasion": question.occasion.key, "period": notation(gate.period), "since": gate.since}
        yield question.no(
            "wait", message("refusal.wait", **values, when=opens.astimezone(zone)), opens.astimezone(zone)
        )


def _learning(gate: Learning, question: Question) -> Iterator[Refusal]:
    if _unused("learning", question):
        return
    sources = gate.since or (question.occasion.key,)
    ends = [s.end_place for key in sources for s in question.standing.of(key) if s.end_place is not None]
    told = zip(question.standing.learning_places, question.standing.learning)
    done = [record for place, record in told if record.what == gate.what and place > max(ends, default=-1)]
    minutes = sum(record.minutes for record in done)
    if not done or minutes < gate.minutes:
        kind = "learning_minutes" if gate.minutes else "learning"
        values: dict[str, Value] = {
            "occasion": question.occasion.key,
            "what": gate.what,
            "minutes": gate.minutes,
            "done": minutes,
        }
        yield question.no("learning", message(f"refusal.{kind}", **values))


def _approval(question: Question) -> Iterator[Refusal]:
    if not _approvals(question):
        yield question.no("approval", message("refusal.approval", occasion=question.occasion.key))


def _approvals(question: Question) -> list[datetime]:
    """Approvals not yet used: given once the sitting before had ended, so that its result was known."""
    sittings = question.standing.of(question.occasion.key)
    last = sittings[-1] if sittings else None
    since = -1 if last is None else last.start_place if last.end_place is None else last.end_place
    told = zip(question.standing.approval_places, question.standing.approvals)
    return [given.at for place, given in told if given.occasion == question.occasion.key and place > since]


def _passed(gate: Passed, question: Question) -> Iterator[Refusal]:
    if _unused("passed", question):
        return
    other = occasion_of(question.policy, gate.occasion)
    values = {"occasion": question.occasion.key, "other": gate.occasion}
    if not any(sitting.ended for sitting in question.standing.of(gate.occasion)):
        yield question.no("passed", message("refusal.not_taken", **values))
    elif not passed(question.policy, other, question.standing, question.now):
        yield question.no("passed", message("refusal.not_passed", **values))
    elif gate.within is not None:
        ends = [closes for _, closes in _windows(gate, question, passed_only=True)]
        if question.now > max(ends):
            period = notation(gate.within)
            yield question.no("passed", message("refusal.pass_lapsed", **values, period=period, when=max(ends)))


def _windows(gate: Passed | Taken, question: Question, *, passed_only: bool) -> list[tuple[datetime, datetime]]:
    """For each ended sitting of the other occasion: when it ended and until when it is recent enough."""
    zone = zone_of(question.policy)
    found = []
    for sitting in question.standing.of(gate.occasion):
        right = sitting.decision is not None and (sitting.decision.passed or not passed_only)
        if sitting.ended is not None and right:
            ended = sitting.ended.astimezone(zone)
            found.append((ended, after(ended, gate.within, zone) if gate.within else datetime.max.replace(tzinfo=zone)))
    return found


def _taken(gate: Taken, question: Question) -> Iterator[Refusal]:
    if _unused("taken", question):
        return
    values = {"occasion": question.occasion.key, "other": gate.occasion}
    windows = _windows(gate, question, passed_only=False)
    if not windows:
        yield question.no("taken", message("refusal.not_taken", **values))
        return
    approvals = _approvals(question)
    approved = any(ended <= given <= closes for ended, closes in windows for given in approvals)
    own = _windows(gate, question, passed_only=bool(approvals))
    if not approved and not any(ended <= question.now <= closes for ended, closes in own):
        assert gate.within is not None or approvals
        period = notation(gate.within) if gate.within else ""
        yield question.no("taken", message("refusal.taken_lapsed", **values, period=period, when=windows[-1][1]))


def _any_of(gate: AnyOf, question: Question) -> Iterator[Refusal]:
    shut = [list(_shut(part, question)) for part in gate.gates]
    if all(shut):
        parts = tuple(part[0] for part in shut)
        dates = [part.not_before for part in parts if part.not_before is not None]
        rule = " or ".join(part.rule for part in parts)
        said = message("refusal.any_of")
        sentence = " ".join([say(said), *(part.sentence for part in parts)])
        first = min(dates, default=None)
        yield Refusal(
            rule=rule, sentence=sentence, said=said, not_before=first, about=question.occasion.key, one_of=parts
        )
