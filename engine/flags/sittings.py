"""Flags of one sitting: answers too quick to have been thought about, answers or times that do not go together."""

import numpy as np
from numpy.typing import NDArray

from engine.flags.evidence import Evidence, Floats, Places
from engine.flags.records import Criteria, Flag, Judged, Kind
from engine.messages import message
from psychometrics.response_times import (
    TimeFit,
    fit_lognormal_times,
    rapid_thresholds,
    response_time_effort,
    time_fit,
)

EASY, HARD = 0.8, 0.2
"""An item missed although that share of its points was expected, or solved although no more was."""
FAR = 2.0
Mask = NDArray[np.bool_]
Raised = tuple[list[Flag], Judged]


def judged(kind: Kind, flags: list[Flag], enough: Mask, level: float | None = None) -> Raised:
    """Flags with the count of what was judged."""
    n_judged = int(enough.sum())
    return flags, Judged(
        kind=kind, n_judged=n_judged, n_too_little=int((~enough).sum()), n_flagged=len(flags),
        by_chance=None if level is None else round(level * n_judged, 3),
    )  # fmt: skip


def thinking_times(evidence: Evidence, criteria: Criteria) -> tuple[Mask, Mask, Floats]:
    """Which answers are timed, which of them are rapid guesses, and each answer's threshold in seconds.

    A time beyond `pause_factor` medians is a pause, such as a laptop closed overnight, and no time at all.
    """
    timed = np.isfinite(evidence.seconds)
    limits = np.zeros(len(timed))
    if timed.any():
        timed &= ~(evidence.seconds > criteria.pause_factor * float(np.median(evidence.seconds[timed])))
        thresholds = rapid_thresholds(
            evidence.item[timed], evidence.seconds[timed], len(evidence.item_ids),
            share=criteria.rapid_share, longest=criteria.rapid_seconds,
        )  # fmt: skip
        limits = thresholds[evidence.item]
    return timed, timed & (np.nan_to_num(evidence.seconds) < limits), limits


def rapid_guessing(evidence: Evidence, criteria: Criteria) -> Raised:
    """Sittings with too little response-time effort."""
    timed, rapid, limits = thinking_times(evidence, criteria)
    n_sittings = len(evidence.sittings)
    n_timed = np.bincount(evidence.sitting[timed], minlength=n_sittings)
    n_rapid = np.bincount(evidence.sitting[rapid], minlength=n_sittings)
    effort = response_time_effort(evidence.sitting[timed], rapid[timed], n_sittings)
    enough = n_timed >= criteria.fewest_answers
    low = enough & (n_rapid >= criteria.fewest_rapid) & (np.nan_to_num(effort, nan=1.0) < criteria.least_effort)
    flags = []
    for place in np.flatnonzero(low).tolist():
        own = evidence.sitting == place
        counted = own & rapid & (evidence.entry >= 0)
        told = message(
            "flag.rapid_guessing", n=int(n_rapid[place]), of=int(n_timed[place]), percent=_percent(effort[place]),
            right=_percent(_share(evidence)[counted].mean()) if counted.any() else 0,
            expected=_percent(_expected(evidence)[counted].mean()) if counted.any() else 0,
        )  # fmt: skip
        drawn = {"seconds": _rounded(evidence.seconds[own & timed]), "limits": _rounded(limits[own & timed])}
        flags.append(
            Flag(
                kind="rapid_guessing", value=float(effort[place]), said=(told,), evidence=drawn,
                sitting=evidence.sittings[place].id,
            )
        )  # fmt: skip
    return judged("rapid_guessing", flags, enough)


def person_misfit(evidence: Evidence, criteria: Criteria) -> Raised:
    """Sittings whose answers go together badly, whatever the profile over competencies."""
    from psychometrics.fit import profile_lz_star

    statistic, p = (np.full(len(evidence.sittings), np.nan) for _ in range(2))
    for group in evidence.groups:
        entries = np.unique(evidence.entry[group.answers])
        matrix = np.full((len(group.members), len(entries)), -1, dtype=np.int8)
        columns = np.searchsorted(entries, evidence.entry[group.answers])
        matrix[group.person, columns] = evidence.category[group.answers]
        fit = profile_lz_star(
            evidence.parameters.take(entries), matrix, evidence.dimension[entries], group.population.covariance,
            mean=group.population.mean,
        )  # fmt: skip
        statistic[group.members], p[group.members] = fit.statistic, fit.p
    enough = (evidence.n_counting >= criteria.fewest_answers) & np.isfinite(p)
    flags = [
        _misfit(evidence, place, float(statistic[place]), float(p[place]))
        for place in _significant(np.where(enough, p, np.nan), criteria)
    ]
    return judged("person_misfit", flags, enough, criteria.sitting_level)


def _misfit(evidence: Evidence, place: int, statistic: float, p: float) -> Flag:
    own = (evidence.sitting == place) & (evidence.entry >= 0)
    expected, share = _expected(evidence)[own], _share(evidence)[own]
    told = message(
        "flag.person_misfit", n=int(own.sum()), missed=int(((expected >= EASY) & (share == 0)).sum()),
        solved=int(((expected <= HARD) & (share == 1)).sum()),
    )  # fmt: skip
    drawn = {"expected": _rounded(expected), "share": _rounded(share)}
    return Flag(
        kind="person_misfit", value=statistic, p=p, said=(told,), evidence=drawn, sitting=evidence.sittings[place].id
    )


def time_aberrance(evidence: Evidence, criteria: Criteria) -> Raised:
    """Sittings whose times do not follow one speed. Rapid guesses are left out: they are told by themselves."""
    timed, rapid, _ = thinking_times(evidence, criteria)
    usable = timed & ~rapid
    n_of_item = np.bincount(evidence.item[usable], minlength=len(evidence.item_ids))
    usable &= (n_of_item >= criteria.fewest_times)[evidence.item]
    n_sittings = len(evidence.sittings)
    enough = np.bincount(evidence.sitting[usable], minlength=n_sittings) >= criteria.fewest_answers
    if not enough.any():
        return judged("time_aberrance", [], enough, criteria.sitting_level)
    given = (evidence.sitting[usable], evidence.item[usable], evidence.seconds[usable])
    fit = time_fit(fit_lognormal_times(*given, n_sittings, len(evidence.item_ids)), *given)
    p = _tempered(fit, enough)
    flags = [_times(evidence, place, fit, usable, float(p[place])) for place in _significant(p, criteria)]
    return judged("time_aberrance", flags, enough, criteria.sitting_level)


def _tempered(fit: TimeFit, enough: Mask) -> Floats:
    """p-values with the statistics of all sittings scaled down where even the middle one is larger than the model says.

    Where times are not lognormal, everybody's statistic is too large; then nobody is singled out for it. The scale is
    that of genomic control (Devlin & Roeder 1999, Biometrics 55), never below 1.
    """
    from scipy.special import chdtrc, chdtri

    usual = chdtri(fit.df[enough].astype(float), 0.5)
    scale = max(1.0, float(np.median(fit.statistic[enough] / usual)))
    p = np.full(len(enough), np.nan)
    p[enough] = chdtrc(fit.df[enough].astype(float), fit.statistic[enough] / scale)
    return p


def _times(evidence: Evidence, place: int, fit: TimeFit, usable: Mask, p: float) -> Flag:
    own = evidence.sitting[usable] == place
    residual = fit.residual[own]
    share = _share(evidence)[usable][own]
    fast = residual < -FAR
    told = message(
        "flag.time_aberrance", n=int(own.sum()), fast=int(fast.sum()), slow=int((residual > FAR).sum()),
        right=int((share[fast] == 1).sum()),
    )  # fmt: skip
    drawn = {"residual": _rounded(residual), "seconds": _rounded(evidence.seconds[usable][own])}
    value = float(np.sqrt(fit.statistic[place] / max(int(fit.df[place]), 1)))
    return Flag(
        kind="time_aberrance", value=value, p=p, said=(told,), evidence=drawn, sitting=evidence.sittings[place].id
    )


def _significant(p: Floats, criteria: Criteria) -> list[int]:
    """Places whose p lies below what so many honest sittings may reach."""
    return [int(place) for place in np.flatnonzero(np.nan_to_num(p, nan=1.0) < criteria.sitting_level)]


def _share(evidence: Evidence) -> Floats:
    """Share of the item's points of every answer, 0 for one that does not count."""
    top = (evidence.parameters.n_categories - 1)[np.maximum(evidence.entry, 0)]
    return np.where(evidence.entry >= 0, evidence.category / np.maximum(top, 1), 0.0)


def _expected(evidence: Evidence) -> Floats:
    """Expected share of the points at the sitting's ability."""
    top = (evidence.parameters.n_categories - 1)[np.maximum(evidence.entry, 0)]
    scores = np.arange(evidence.tables.shape[1], dtype=np.float64)
    return np.asarray(evidence.tables @ scores / np.maximum(top, 1))


def _percent(share: float) -> int:
    return round(100 * float(share))


def _rounded(values: Floats | Places) -> list[float]:
    return [round(float(value), 3) for value in values]
