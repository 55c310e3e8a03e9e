"""What all answers of a learner say about every competency at once, as numbers that can be stored and replayed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.decisions import DomainCurve, percent_at
from engine.gap_report.states import State, state_of
from engine.periods import Moment
from itembank.records import Record

if TYPE_CHECKING:
    from psychometrics.ability.multidimensional import MultidimensionalPosterior


class CompetencyDomain(Record, frozen=True, kw_only=True):
    """A competency's part of the bank: its key, its domain curve and its share of the whole domain."""

    competency: str
    curve: DomainCurve
    weight: float = 1.0


class Evidence(Record, frozen=True, kw_only=True):
    """The joint posterior of one learner, competency by competency.

    `theta`, `sem`: marginal means and standard deviations, logits. `covariance`: of theta. `probability`: of mastery.
    `percent`, `percent_error`: expected percent of the competency's domain and its standard deviation. `n_answers`:
    answers to the competency's own items. `lowest`, `highest`: what `probability` may be where the correlations of the
    competencies are assumed and not estimated; empty = as it is.
    """

    at: Moment
    competencies: tuple[str, ...]
    theta: tuple[float, ...]
    sem: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    probability: tuple[float, ...]
    percent: tuple[float, ...]
    percent_error: tuple[float, ...]
    n_answers: tuple[int, ...]
    lowest: tuple[float, ...] = ()
    highest: tuple[float, ...] = ()

    def state(self, competency: str) -> State:
        """What may be said about mastery of a competency."""
        place = self.place(competency)
        lowest, highest = self.lowest[place : place + 1], self.highest[place : place + 1]
        return state_of(
            self.probability[place], self.n_answers[place], lowest=min(lowest, default=None),
            highest=max(highest, default=None),
        )  # fmt: skip

    def place(self, competency: str) -> int:
        """The position of a competency."""
        if competency not in self.competencies:
            known = ", ".join(self.competencies)
            raise ValueError(f"evidence holds no competency '{competency}'; it has {known}.")
        return self.competencies.index(competency)


def evidence_of(
    posterior: "MultidimensionalPosterior",
    person: int,
    domains: Sequence[CompetencyDomain],
    cut_theta: Sequence[float],
    n_answers: Sequence[int],
    at: Moment,
    *,
    under_others: "Sequence[MultidimensionalPosterior]" = (),
) -> Evidence:
    """One person's part of a multidimensional posterior.

    Args:
        posterior: from `estimate_competencies`, its dimensions in the order of `domains`.
        person: the row.
        cut_theta: the cut of each competency, logits.
        n_answers: answers to each competency's own items.
        under_others: the posterior under other correlations that may as well be true.
    """
    if not len(domains) == posterior.theta.shape[1] == len(cut_theta) == len(n_answers):
        raise ValueError(
            f"domains, cut_theta and n_answers must have one entry for each of the {posterior.theta.shape[1]} "
            f"competencies; got {len(domains)}, {len(cut_theta)} and {len(n_answers)}."
        )
    cuts = np.asarray(cut_theta, dtype=np.float64)
    probability = _chances(posterior, person, cuts)
    others = [probability, *(_chances(other, person, cuts) for other in under_others)] if under_others else []
    percents = [_percent(posterior, person, place, domain.curve) for place, domain in enumerate(domains)]
    return Evidence(
        at=at,
        competencies=tuple(domain.competency for domain in domains),
        theta=tuple(float(x) for x in posterior.theta[person]),
        sem=tuple(float(x) for x in posterior.sem[person]),
        covariance=tuple(tuple(float(x) for x in row) for row in posterior.covariance[person]),
        probability=probability,
        percent=tuple(mean for mean, _ in percents),
        percent_error=tuple(sd for _, sd in percents),
        n_answers=tuple(int(n) for n in n_answers),
        lowest=tuple(map(min, zip(*others))),
        highest=tuple(map(max, zip(*others))),
    )


def _chances(posterior: "MultidimensionalPosterior", person: int, cuts: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(min(1.0, max(0.0, float(x))) for x in posterior.probability_above(cuts)[person])


def _percent(
    posterior: "MultidimensionalPosterior", person: int, place: int, curve: DomainCurve
) -> tuple[float, float]:
    weights = posterior.marginal_weights[person, place]
    values = np.interp(posterior.marginal_nodes[person, place], curve.nodes, curve.percents)
    mean = float(weights @ values)
    return mean, float(np.sqrt(weights @ (values - mean) ** 2))


def slope_at(curve: DomainCurve, theta: float) -> float:
    """Percentage points a logit around theta."""
    step = curve.nodes[1] - curve.nodes[0]
    return (percent_at(curve, theta + step) - percent_at(curve, theta - step)) / (2 * step)
