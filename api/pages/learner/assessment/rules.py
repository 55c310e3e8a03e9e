"""A policy's rules in plain words: how long, what passes, what passing opens, what follows when it is not passed."""

from collections.abc import Iterator

from api.pages.learner.names import Say, occasion_name, period_words
from api.pages.words import number
from engine.decisions import resolve_cut
from engine.messages import Language
from engine.policies.gates import AnyOf, Approval, Gate, Learning, Passed, Taken, Wait, binds
from engine.policies.records import Occasion, Policy, flat
from engine.workflows.shelf import Publication, design_of
from itembank.records import Record


class OccasionRules(Record, frozen=True, kw_only=True):
    """One occasion for reading."""

    key: str
    name: str
    facts: tuple[tuple[str, str], ...]
    rules: tuple[str, ...]


def rules_of(publication: Publication, language: Language, t: Say) -> list[OccasionRules]:
    """Every occasion's facts and rules, in the policy's order."""
    policy = publication.version.policy
    return [
        OccasionRules(
            key=occasion.key,
            name=occasion_name(occasion, language),
            facts=tuple(_facts(publication, occasion, language, t)),
            rules=occasion_rules(policy, occasion, language, t),
        )
        for occasion in policy.occasions
    ]


def _facts(publication: Publication, occasion: Occasion, language: Language, t: Say) -> Iterator[tuple[str, str]]:
    stopping = design_of(occasion).stopping
    yield t("rules.length"), t("rules.questions", least=stopping.min_items, most=stopping.max_items)
    limit = occasion.time_limit_minutes
    yield t("rules.time"), t("period.minutes", n=limit) if limit else t("rules.no_limit")
    cut = resolve_cut(occasion.cut, publication.bank.curve)
    yield t("rules.required"), t("rules.percent", percent=number(language, cut.percent, 0))
    if occasion.maximum:
        most = str(occasion.maximum)
        yield t("rules.attempts"), f"{most} / {period_words(occasion.per, t)}" if occasion.per else most


def occasion_rules(policy: Policy, occasion: Occasion, language: Language, t: Say) -> tuple[str, ...]:
    """What opens the occasion, what passes it and what follows, a sentence a rule."""
    return tuple(_sentences(policy, occasion, language, t))


def _sentences(policy: Policy, occasion: Occasion, language: Language, t: Say) -> Iterator[str]:
    name = occasion_name(occasion, language)
    if not any(binds(gate, 1) for gate in occasion.gates):
        yield t("rules.open", occasion=name)
    for gate in occasion.gates:
        yield _gate(gate, occasion, language, t)
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
    yield t("rules.not_passed")


def _gate(gate: Gate, occasion: Occasion, language: Language, t: Say) -> str:
    said = _gate_words(gate, occasion, language, t)
    if gate.to_attempt == 1:
        return t("rules.first_time", rule=said)
    return (
        t("rules.from_attempt", n=gate.from_attempt, rule=said)
        if gate.from_attempt > 1
        else t("rules.plain", rule=said)
    )


def _gate_words(gate: Gate, occasion: Occasion, language: Language, t: Say) -> str:
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
            return t("rules.gate.or").join(_gate_words(part, occasion, language, t) for part in gate.gates)
