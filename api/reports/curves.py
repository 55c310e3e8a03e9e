"""Charts of a calibration: item curves over what was observed, persons and items on one scale, information."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from api.charts import Dots, Figure, Line, information_chart, line_chart, wright_map
from api.charts.scales import BINS
from api.pages.words import number, words
from api.reports.observed import Observed
from engine.messages import Language
from psychometrics.information import item_expected_score, test_information
from psychometrics.models.base import ItemParameters

THETA = np.linspace(-4.0, 4.0, 33)


def item_curve(items: ItemParameters, place: int, language: Language, dots: Sequence[Dots] = ()) -> Figure:
    """Expected share of the item's points along theta, over the observed proportions."""
    key = items.item_id[place]
    share = item_expected_score(items.take([place]), THETA)[0] / float(items.n_categories[place] - 1)
    middle = float(np.interp(0.0, THETA, share))
    return line_chart(
        words(language, "report.curve", item=key),
        words(language, "report.curve_text", percent=round(100 * middle)),
        [Line(name=words(language, "report.expected"), x=THETA.tolist(), y=share.tolist())],
        words(language, "report.theta"), words(language, "report.share"), dots=[part for part in dots if part.x],
        persons=words(language, "report.n_answers"), y_range=(0.0, 1.0), n_rows=9,
    )  # fmt: skip


def difficulties(items: ItemParameters) -> list[float]:
    """Where half of an item's points are expected, within [−4, 4]."""
    shares = item_expected_score(items, THETA) / (items.n_categories - 1)[:, None]
    return [float(THETA[int(np.argmin(np.abs(share - 0.5)))]) for share in shares]


def persons_and_items(
    items: ItemParameters, document: Mapping[str, Any], language: Language, observed: Observed | None
) -> Figure:
    """The Wright map; persons from their answers, or from the estimated population where there are none at hand."""
    density = observed.density() if observed else _population(document)
    places = difficulties(items)
    return wright_map(
        words(language, "report.wright"),
        words(language, "report.wright_text", n=len(items), low=number(language, float(np.quantile(places, 0.1)), 1),
              high=number(language, float(np.quantile(places, 0.9)), 1)),
        density, places, persons=words(language, "report.persons"), items=words(language, "report.items"),
        scale=words(language, "report.theta"),
    )  # fmt: skip


def _population(document: Mapping[str, Any]) -> list[float]:
    nodes = np.linspace(-3.999, 3.999, 1601)
    density = np.zeros_like(nodes)
    for group in document.get("groups") or [{"mean": 0.0, "sd": 1.0, "n_persons": 1}]:
        sd = float(group["sd"]) or 1.0
        density += group.get("n_persons", 1) * np.exp(-0.5 * ((nodes - group["mean"]) / sd) ** 2) / sd
    shares = np.histogram(nodes, BINS, weights=density)[0]
    return [float(share) for share in shares / shares.sum()]


def information_by_competency(items: ItemParameters, dimension: Sequence[str], language: Language) -> list[Figure]:
    """Information and standard error, for each competency that has an ability of its own."""
    figures = []
    for name in dict.fromkeys(dimension):
        own = [place for place, other in enumerate(dimension) if other == name]
        told = np.maximum(test_information(items.take(own), THETA), 1e-9)
        sem = 1.0 / np.sqrt(told)
        best = int(np.argmax(told))
        title = words(language, "report.information_of", name=name) if name else words(language, "report.information")
        figures.append(
            information_chart(
                title,
                words(language, "report.information_text", n=len(own), theta=number(language, float(THETA[best]), 1),
                      sem=number(language, float(sem[best]), 2)),
                THETA.tolist(), told.tolist(), sem.tolist(), scale=words(language, "report.theta"),
                information_name=words(language, "report.information"), sem_name=words(language, "report.sem"),
            )
        )  # fmt: skip
    return figures
