"""A policy's rules in plain words: how long, what passes, what passing opens, what follows when it is not passed."""

from collections.abc import Iterator

from api.pages.names import Say, occasion_name, period_words
from api.pages.words import number
from engine.decisions import resolve_cut
from engine.delivery import length_of
from engine.messages import Language
from engine.policies.gates import AnyOf, Approval, Gate, Learning, Passed, Taken, Wait, binds
from engine.policies.records import Occasion, Policy, flat
from engine.workflows.shelf import Publication
from itembank.records import Record


class OccasionRules(Record, frozen=True, kw_only=True):
    """One occasion for reading: its figures; what opens it, what passing it and what not passing it opens."""

    key: str
    name: str
    facts: tuple[tuple[str, str], ...]
    start: tuple[str, ...]
    passing: tuple[str, ...]
    failing: tuple[str, ...]


def rules_of(publication: Publication, language: Language, t: Say) -> list[OccasionRules]:
    """Every occasion's facts and rules, in the policy's order."""
    policy = publication.version.policy
    return [
        OccasionRules(
            key=occasion.key,
            name=occasion_name(occasion, language),
            facts=tuple(_facts(publication, occasion, language, t)),
            start=tuple(_start(policy, occasion, language, t)),
            passing=tuple(_passing(policy, occasion, language, t)),
            failing=tuple(_failing(policy, occasion, language, t)),
        )
        for occasion in policy.occasions
    ]


def _facts(publication: Publication, occasion: Occasion, language: Language, t: Say) -> Iterator[tuple[str, str]]:
    yield t("rules.length"), questions_words(publication, occasion, t)
    limit = occasion.time_limit_minutes
    yield t("rules.time"), t("period.minutes", n=limit) if limit else t("rules.no_limit")
    cut = resolve_cut(occasion.cut, publication.bank.curve)
    yield t("rules.required"), t("rules.percent", percent=number(language, cut.percent, 0))
    if occasion.maximum:
        most = str(occasion.maximum)
        yield t("rules.attempts"), f"{most} / {period_words(occasion.per, t)}" if occasion.per else most


def questions_words(publication: Publication, occasion: Occasion, t: Say) -> str:
    """How many questions the occasion asks."""
    least, most = length_of(publication.design_of(occasion))
    return t("rules.exactly", n=least) if least == most else t("rules.questions", least=least, most=most)


def occasion_rules(policy: Policy, occasion: Occasion, language: Language, t: Say) -> tuple[str, ...]:
    """What opens the occasion, what passes it and what follows, a sentence a rule."""
    parts = (_start, _passing, _failing)
    return tuple(sentence for part in parts for sentence in part(policy, occasion, language, t))


def _start(policy: Policy, occasion: Occasion, language: Language, t: Say) -> Iterator[str]:
    if not any(binds(gate, 1) for gate in occasion.gates):
        yield t("rules.open", occasion=occasion_name(occasion, language))
    for gate in occasion.gates:
        if gate.from_attempt == 1:
            said = _gate_words(gate, language, t)
            yield t("rules.first_time", rule=said) if gate.to_attempt == 1 else f"{said[:1].upper()}{said[1:]}."


def _passing(policy: Policy, occasion: Occasion, language: Language, t: Say) -> Iterator[str]:
    name = occasion_name(occasion, language)
    if occasion.decision.kind == "probability":
        yield t("rules.probability", percent=round(100 * occasion.decision.at_least))
    else:
        yield t("rules.score")
    if occasion.competency_cuts and occasion.decision.every_competency:
        yield t("rules.every_competency")
    for other in policy.occasions:
        if any(isinstance(gate, Passed) and gate.occasion == occasion.key for gate in flat(other.gates)):
            yield t("rules.opens", occasion=name, other=occasion_name(other, language))
    if occasion.key in policy.credit.needs:
        yield t("rules.earns", occasion=name, n=float(policy.credit.hours))


def _failing(policy: Policy, occasion: Occasion, language: Language, t: Say) -> Iterator[str]:
    """How it can be taken again, what it means for the other occasions, and what is told in any case."""
    name = occasion_name(occasion, language)
    if occasion.maximum == 1 and occasion.per is None:
        yield t("rules.once", occasion=name)
    elif occasion.maximum is None:
        yield t("rules.again", occasion=name)
    elif occasion.per is None:
        yield t("rules.again_at_most", occasion=name, maximum=occasion.maximum)
    else:
        yield t("rules.again_per", occasion=name, maximum=occasion.maximum, period=period_words(occasion.per, t))
    for gate in occasion.gates:
        if gate.from_attempt > 1:
            key = "rules.to_repeat" if gate.from_attempt == 2 else "rules.from_attempt"
            yield t(key, n=gate.from_attempt, rule=_gate_words(gate, language, t))
    for other in policy.occasions:
        yield from _without_passing(occasion, other, language, t)
    yield t("rules.not_passed")


def _without_passing(occasion: Occasion, other: Occasion, language: Language, t: Say) -> Iterator[str]:
    """What becomes of another occasion that passing this one would open."""
    names = {"occasion": occasion_name(occasion, language), "other": occasion_name(other, language)}
    for gate in other.gates:
        if isinstance(gate, Passed) and gate.occasion == occasion.key:
            yield t("rules.stays_closed", **names)
        elif isinstance(gate, AnyOf):
            ways = [part for part in gate.gates if not (isinstance(part, Passed) and part.occasion == occasion.key)]
            if len(ways) < len(gate.gates):
                said = t("rules.gate.or").join(_gate_words(part, language, t) for part in ways)
                yield t("rules.other_way", rule=said, **names)


def _gate_words(gate: Gate, language: Language, t: Say) -> str:
    match gate:
        case Passed() | Taken():
            kind = "passed" if isinstance(gate, Passed) else "taken"
            other = occasion_name(gate.occasion, language)
            if gate.within is None:
                return t(f"rules.gate.{kind}", other=other)
            return t(f"rules.gate.{kind}_within", other=other, period=period_words(gate.within, t))
        case Learning():
            return t("rules.gate.learning_minutes", n=gate.minutes) if gate.minutes else t("rules.gate.learning")
        case Approval():
            return t("rules.gate.approval")
        case Wait():
            return t(f"rules.gate.wait_{gate.since}", period=period_words(gate.period, t))
        case AnyOf():
            return t("rules.gate.or").join(_gate_words(part, language, t) for part in gate.gates)
