"""The gap report of one learner: a pure function of evidence, framework, policy and journey."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from engine.gap_report.evidence import CompetencyDomain, Evidence
from engine.gap_report.levels import inside
from engine.gap_report.messages import basis, gap, meaning, next_attempt, worth_said
from engine.gap_report.next_step import NextStep, next_steps, probability_of_passing
from engine.gap_report.states import State
from engine.journey import Journey
from engine.messages import Message
from engine.periods import Moment
from engine.subscores import SubscoreWorth
from itembank.competencies import Competency, Framework
from itembank.records import Record

RELIABLE = 1.96


class Target(Record, frozen=True, kw_only=True):
    """What is required of a competency, on both scales."""

    competency: str
    cut_theta: float
    cut_percent: float


class Practice(Record, frozen=True, kw_only=True):
    """An open example of a competency: `difficulty` in logits, `stem` as it may be shown."""

    item: str
    competency: str
    difficulty: float
    stem: str = ""


class Change(Record, frozen=True, kw_only=True):
    """From an earlier sitting to this one, in logits. `reliable`: |change| exceeds 1.96 standard errors.

    Jacobson & Truax (1991), Journal of Consulting and Clinical Psychology 59, 12–19. Both estimates must come from
    their own sitting's answers alone, or their errors are not independent.
    """

    change: float
    standard_error: float
    percent_change: float
    reliable: bool


class CompetencyPart(Record, frozen=True, kw_only=True):
    """One competency of the report; the sentences stand beside the numbers they are made from."""

    competency: str
    title: str
    statement: str
    theta: float
    sem: float
    percent: float
    percent_error: float
    cut_theta: float
    cut_percent: float
    gap_theta: float
    probability: float
    state: State
    n_answers: int
    gap: Message
    basis: Message
    meaning: Message | None = None
    practice: tuple[Practice, ...] = ()
    change: Change | None = None
    worth: Message | None = None


class GapReport(Record, frozen=True, kw_only=True):
    """What is shown, what is not yet, what cannot be said; the next steps; when the next attempt opens."""

    at: Moment
    framework: str
    percent: float
    cut_percent: float
    probability_of_passing: float
    parts: tuple[CompetencyPart, ...]
    next_steps: tuple[NextStep, ...]
    next_attempt: Message
    policy_version: str = ""
    parameter_version: str = ""


def report_gaps(
    evidence: Evidence,
    domains: Sequence[CompetencyDomain],
    targets: Mapping[str, Target],
    framework: Framework,
    journey: Journey,
    now: datetime,
    *,
    cut_percent: float,
    own_cuts: Mapping[str, float] | None = None,
    earlier: Evidence | None = None,
    latest: Evidence | None = None,
    practice: Sequence[Practice] = (),
    worth: Mapping[str, SubscoreWorth] | None = None,
    difficulty_by_level: Mapping[str, Mapping[str, float]] | None = None,
    parameter_version: str = "",
) -> GapReport:
    """The report.

    Args:
        evidence: the posterior from all the learner's answers.
        domains: curve and weight of every competency in `evidence`, in its order.
        targets: what is required, by competency.
        cut_percent: the overall cut, percent of the whole domain.
        own_cuts: cut_theta of the competencies that must be passed one by one.
        earlier, latest: evidence from the first and the last sitting alone, for the change between them.
        practice: open items whose stems may be shown.
        worth: whether each subscore says more than the total.
        difficulty_by_level: competency -> level -> median difficulty of its items, to say which level the cut lies at.
    """
    competencies = {competency.key: competency for competency in framework.competencies}
    states = {key: evidence.state(key) for key in evidence.competencies}
    parts = tuple(
        _part(
            evidence, key, targets[key], competencies.get(key, Competency(key=key, statement=key)), states[key],
            change=_change(earlier, latest, key), practice=practice, worth=(worth or {}).get(key),
            difficulty=(difficulty_by_level or {}).get(key, {}),
        )
        for key in evidence.competencies
    )  # fmt: skip
    total = math.fsum(domain.weight for domain in domains)
    percent = math.fsum(d.weight * p for d, p in zip(domains, evidence.percent)) / total
    steps = next_steps(evidence, domains, states, framework, cut_percent, own_cuts=own_cuts)
    return GapReport(
        at=now, framework=framework.key, percent=percent, cut_percent=cut_percent,
        probability_of_passing=probability_of_passing(evidence, domains, cut_percent, own_cuts=own_cuts),
        parts=parts, next_steps=steps, next_attempt=next_attempt(journey),
        policy_version=journey.policy_version, parameter_version=parameter_version,
    )  # fmt: skip


def _part(
    evidence: Evidence,
    key: str,
    target: Target,
    competency: Competency,
    state: State,
    *,
    change: Change | None,
    practice: Sequence[Practice],
    worth: SubscoreWorth | None,
    difficulty: Mapping[str, float],
) -> CompetencyPart:
    place = evidence.place(key)
    theta, percent = evidence.theta[place], evidence.percent[place]
    mine = sorted(
        (p for p in practice if p.competency == key), key=lambda p: (abs(p.difficulty - target.cut_theta), p.item)
    )
    return CompetencyPart(
        competency=key, title=competency.title or inside(competency.statement), statement=competency.statement,
        theta=theta, sem=evidence.sem[place], percent=percent,
        percent_error=evidence.percent_error[place], cut_theta=target.cut_theta, cut_percent=target.cut_percent,
        gap_theta=max(0.0, target.cut_theta - theta), probability=evidence.probability[place], state=state,
        n_answers=evidence.n_answers[place], gap=gap(state, percent, target.cut_percent),
        basis=basis(evidence.n_answers[place]),
        meaning=meaning(competency, mine[0].stem if mine else "", target.cut_theta, difficulty),
        practice=tuple(mine[:2]), change=change, worth=worth_said(worth) if worth else None,
    )  # fmt: skip


def _change(earlier: Evidence | None, latest: Evidence | None, key: str) -> Change | None:
    if earlier is None or latest is None or key not in earlier.competencies or key not in latest.competencies:
        return None
    before, after = earlier.place(key), latest.place(key)
    change = latest.theta[after] - earlier.theta[before]
    standard_error = math.sqrt(earlier.sem[before] ** 2 + latest.sem[after] ** 2)
    return Change(
        change=change,
        standard_error=standard_error,
        percent_change=latest.percent[after] - earlier.percent[before],
        reliable=abs(change) > RELIABLE * standard_error,
    )
