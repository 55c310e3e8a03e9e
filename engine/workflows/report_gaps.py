"""The gap report of an attempt, from all the evidence its learner has given."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from engine.decisions import resolve_cut
from engine.delivery import answers_of
from engine.errors import Unknown
from engine.events import Event, SittingVoided
from engine.frozen_bank import FrozenBank
from engine.gap_report.evidence import CompetencyDomain, Evidence, evidence_of
from engine.gap_report.levels import difficulty_by_level
from engine.gap_report.report import GapReport, Target, report_gaps
from engine.journey import decide
from engine.policies.records import Occasion, occasion_of
from engine.rescoring import overridden
from engine.sessions import Administered
from engine.storage import rescorings, sessions
from engine.storage.attempts import Attempt
from engine.workflows.shelf import Publication
from itembank.storage.database import Connection


async def gap_report_of(
    connection: Connection, publication: Publication, attempt: Attempt, events: Sequence[Event], now: datetime
) -> GapReport:
    """The report of an attempt, with its log, whose reader has been let through.

    Raises:
        Unknown: when no sitting has been finished yet.
    """
    by_sitting = await finished_answers(connection, attempt, events)
    if not by_sitting:
        raise Unknown("There is no finished sitting to report on yet; finish one first.")
    return report_on(publication, by_sitting, events, now)


async def finished_answers(
    connection: Connection, attempt: Attempt, events: Sequence[Event]
) -> list[list[Administered]]:
    """What was shown in each finished sitting that was not struck, oldest first, each answer as it counts now."""
    struck = {event.sitting for event in events if isinstance(event, SittingVoided)}
    finished = [
        row
        for row in await sessions.of_attempt(connection, attempt.id)
        if row.finished_at is not None and str(row.uuid) not in struck
    ]
    return [await counting_answers(connection, row.id) for row in finished]


def report_on(
    publication: Publication, by_sitting: Sequence[Sequence[Administered]], events: Sequence[Event], now: datetime
) -> GapReport:
    """What these sittings show, and what is still wanted."""
    policy, bank = publication.version.policy, publication.bank
    graded = occasion_of(policy, policy.credit.graded_by)
    targets = targets_of(bank, graded)
    alone = [evidence(bank, shown, targets, now) for shown in by_sitting]
    return report_gaps(
        evidence(bank, [item for shown in by_sitting for item in shown], targets, now),
        domains_of(bank),
        targets,
        publication.framework,
        decide(policy, events, now),
        now,
        cut_percent=resolve_cut(graded.cut, bank.curve).percent,
        own_cuts={key: targets[key].cut_theta for key in graded.competency_cuts},
        earlier=alone[0] if len(alone) > 1 else None,
        latest=alone[-1] if len(alone) > 1 else None,
        parameter_version=bank.parameter_version,
        difficulty_by_level=levels_of(bank),
    )


async def counting_answers(connection: Connection, session_id: int) -> list[Administered]:
    """What was shown in a sitting, each answer as it counts now: without withdrawn items, by new keys."""
    shown = await sessions.administered(connection, session_id)
    marks = await rescorings.of_session(connection, session_id)
    return overridden(shown, [override for override, effect in marks if effect != "held"])


def domains_of(bank: FrozenBank) -> list[CompetencyDomain]:
    """The bank's domain by competency; each weighs as many points as its items can give."""
    return [
        CompetencyDomain(
            competency=name,
            curve=bank.competency_curves[name],
            weight=float(sum(len(bank.tables[place]) - 1 for place, own in enumerate(bank.competency) if own == name)),
        )
        for name in bank.competencies
    ]


def levels_of(bank: FrozenBank) -> dict[str, dict[str, float]]:
    """How difficult the bank's items of each competency and level are."""
    levels = [item.facts.level for item in bank.items[: bank.n_operational]]
    return difficulty_by_level(bank.parameters, bank.competency, levels)


def targets_of(bank: FrozenBank, occasion: Occasion) -> dict[str, Target]:
    """What is required of each competency: its own cut, or the overall cut's theta."""
    overall = resolve_cut(occasion.cut, bank.curve)
    targets = {}
    for name in bank.competencies:
        curve = bank.competency_curves[name]
        own = occasion.competency_cuts.get(name)
        cut = resolve_cut(own, curve) if own is not None else None
        theta = overall.theta if cut is None else cut.theta
        targets[name] = Target(
            competency=name, cut_theta=theta, cut_percent=float(np.interp(theta, curve.nodes, curve.percents))
        )
    return targets


def evidence(bank: FrozenBank, shown: Sequence[Administered], targets: dict[str, Target], at: datetime) -> Evidence:
    """The joint posterior of the competencies from these answers, borrowing strength through their correlations."""
    from psychometrics.ability.multidimensional import multidimensional_posterior

    positions, categories = answers_of(shown)
    place = {name: index for index, name in enumerate(bank.competencies)}
    logs = np.zeros((1, len(place), len(bank.nodes)))
    counts = [0] * len(place)
    for position, category in zip(positions, categories):
        own = place[bank.competency[position]]
        logs[0, own] += np.log(np.array(bank.tables[position][category]))
        counts[own] += 1
    nodes = np.array(bank.nodes)
    posterior = multidimensional_posterior(logs, bank.competency_correlations, nodes=nodes)
    others = [multidimensional_posterior(logs, other, nodes=nodes) for other in bank.possible_correlations]
    cuts = [targets[name].cut_theta for name in bank.competencies]
    return evidence_of(posterior, 0, domains_of(bank), cuts, counts, at, under_others=others)
