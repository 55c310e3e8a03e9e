"""Simulated designs as one HTML file, side by side: length, decisions by distance from the cut, error, exposure."""

from api.charts import Figure, Line, line_chart
from api.pages.words import words
from api.reports.concerns import concerns_of
from api.reports.document import document
from engine.messages import Language
from engine.simulation.report import DesignOutcome, SimulationReport

MOST_EXPOSED = 10


def render_simulation(report: SimulationReport, language: Language = "en") -> str:
    """The report as HTML."""
    return document(
        "simulation.html", language, report=report, warnings=concerns_of(report, language),
        figures=simulation_figures(report, language), exposed={one.name: most_exposed(one) for one in report.designs},
    )  # fmt: skip


def most_exposed(design: DesignOutcome) -> list[tuple[str, float]]:
    """The items shown most, with their rates."""
    ranked = sorted(design.exposure.items, key=lambda item: (-item.exposure_rate, item.item_id))
    return [(item.item_id, item.exposure_rate) for item in ranked[:MOST_EXPOSED]]


def simulation_figures(report: SimulationReport, language: Language = "en") -> list[Figure]:
    """The charts of every design."""
    return [figure for design in report.designs for figure in _figures(design, language)]


def _figures(design: DesignOutcome, language: Language) -> list[Figure]:
    figures = [_lengths(design, language)] if design.length.shortest < design.length.longest else []
    for precision in design.precision:
        middles = [(max(band.lower, -3.25) + min(band.upper, 3.25)) / 2 for band in precision.bands]
        if len(middles) > 1:
            lines = [
                Line(name=words(language, "report.rmse"), x=middles, y=[band.rmse for band in precision.bands]),
                Line(
                    name=words(language, "report.stated"), x=middles,
                    y=[band.mean_sem for band in precision.bands], second=True,
                ),
            ]  # fmt: skip
            figures.append(
                line_chart(
                    words(language, "report.error_of", design=design.name, ability=precision.ability),
                    words(language, "report.error_text"), lines, words(language, "report.true_theta"),
                    words(language, "report.error_axis"), n_rows=20,
                )
            )  # fmt: skip
    for decided in design.classification:
        middles = [(max(band.lower, -1.5) + min(band.upper, 1.5)) / 2 for band in decided.distance]
        if len(middles) > 1:
            line = Line(
                name=words(language, "report.credited"), x=middles, y=[100 * band.credited for band in decided.distance]
            )
            figures.append(
                line_chart(
                    words(language, "report.decisions_of", design=design.name, ability=decided.ability),
                    words(language, "report.decisions_text"), [line], words(language, "report.distance"),
                    words(language, "report.percent"), y_range=(0.0, 100.0), n_rows=20,
                )
            )  # fmt: skip
    return figures


def _lengths(design: DesignOutcome, language: Language) -> Figure:
    span = range(design.length.shortest, design.length.longest + 1)
    total = sum(design.length.counts) or 1
    line = Line(
        name=words(language, "report.learners"), x=[float(n) for n in span],
        y=[100 * design.length.counts[n] / total for n in span],
    )  # fmt: skip
    return line_chart(
        words(language, "report.lengths_of", design=design.name),
        words(language, "report.lengths_text", mean=float(design.length.mean), low=design.length.shortest,
              high=design.length.longest),
        [line], words(language, "report.questions"), words(language, "report.percent"), n_rows=30,
    )  # fmt: skip
