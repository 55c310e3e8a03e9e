"""What in a simulation should stop a publication: red lights, and amber ones to think about."""

from collections.abc import Iterator

from api.pages.words import number, words
from api.reports.lights import Colour
from engine.messages import Language
from engine.simulation.report import DesignOutcome, SimulationReport
from itembank.records import Record

FALSE_CREDIT, FALSE_DENIAL = 0.02, 0.10
HALF_A_LOGIT = 0.5
EXPOSED, VERY_EXPOSED = 0.35, 0.6
EXHAUSTED = 0.01
DISHONEST = 1.15


class Concern(Record, frozen=True, kw_only=True):
    """One light of one design, with its sentence."""

    design: str
    colour: Colour
    sentence: str


def concerns_of(report: SimulationReport, language: Language = "en") -> tuple[Concern, ...]:
    """All concerns about all designs, the red ones first."""
    found = [
        Concern(design=design.name, colour=colour, sentence=sentence)
        for design in report.designs
        for colour, sentence in _warnings(design, language)
    ]
    return tuple(sorted(found, key=lambda concern: concern.colour != "red"))


def _warnings(design: DesignOutcome, language: Language) -> Iterator[tuple[Colour, str]]:
    if design.constraint_violations:
        yield "red", words(language, "report.warn.violations", n=design.constraint_violations)
    yield from _decisions(design, language)
    rate = design.exposure.highest_rate
    if rate > EXPOSED:
        colour: Colour = "red" if rate > VERY_EXPOSED else "amber"
        yield colour, words(language, "report.warn.exposure", percent=round(100 * rate))
    for attempt in design.attempts:
        if attempt.exhausted_share > EXHAUSTED:
            share = round(100 * attempt.exhausted_share)
            yield "red", words(language, "report.warn.exhausted", attempt=attempt.number, percent=share)
    for precision in design.precision:
        if precision.sem_ratio > DISHONEST:
            ratio = number(language, precision.sem_ratio, 2)
            yield "amber", words(language, "report.warn.sem", ability=precision.ability, ratio=ratio)


def _decisions(design: DesignOutcome, language: Language) -> Iterator[tuple[Colour, str]]:
    """Wrong decisions at half a logit and more from the cut, where they must be rare."""
    for decided in design.classification:
        below = [band for band in decided.distance if band.upper <= -HALF_A_LOGIT]
        above = [band for band in decided.distance if band.lower >= HALF_A_LOGIT]
        for key, bands, most in (("credit", below, FALSE_CREDIT), ("denial", above, FALSE_DENIAL)):
            n = sum(band.n_persons for band in bands)
            wrong = sum(band.n_persons * (band.credited if key == "credit" else 1 - band.credited) for band in bands)
            if n and wrong / n > most:
                yield "red", words(
                    language, f"report.warn.{key}", ability=decided.ability,
                    percent=number(language, 100 * wrong / n, 1), most=number(language, 100 * most, 0),
                )  # fmt: skip
