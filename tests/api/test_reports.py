"""Reports as single files: they stand alone, name what is wrong in words, and refuse what is none."""

import re

import numpy as np
import pytest

from api.reports import render_calibration, render_simulation
from api.reports.concerns import concerns_of
from api.reports.lights import light_of
from api.reports.observed import Observed, grouped, read_back, written_down
from engine.designs import read_design
from engine.simulation.report import SimulationReport
from engine.simulation.simulate import Bank, simulate
from psychometrics import calibrate
from psychometrics.models.base import ItemParameters

N_ITEMS = 12
NEGATIVE = 3


@pytest.fixture(scope="module")
def answers() -> np.ndarray:  # type: ignore[type-arg]
    """A thousand persons; one item runs the wrong way."""
    rng = np.random.default_rng(5)
    slope = np.full(N_ITEMS, 1.2)
    slope[NEGATIVE] = -0.8
    theta = rng.normal(size=(1000, 1))
    return (rng.random((1000, N_ITEMS)) < 1 / (1 + np.exp(-slope * (theta - np.linspace(-1.5, 1.5, N_ITEMS))))).astype(
        int
    )


@pytest.fixture(scope="module")
def report() -> SimulationReport:
    items = ItemParameters.logistic(np.full(60, 1.2), np.linspace(-2, 2, 60))
    text = 'name = "{n}"\n[stopping]\nmin_items = {n}\nmax_items = {n}\n[decision]\ncut_theta = [0.0]\n'
    designs = [read_design(text.replace("{n}", str(n)).encode()) for n in (5, 30)]
    return simulate(designs, Bank(items=items), n_persons=2000, seed=4)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_calibration_report_stands_alone(answers: np.ndarray, language: str) -> None:  # type: ignore[type-arg]
    document = calibrate(answers, "2pl").to_document()
    page = render_calibration(document, answers, language)  # type: ignore[arg-type]
    assert f'<html lang="{language}"' in page
    assert not re.search(r'(src|href)="(?!#|data:)', page)
    assert "<script" not in page
    assert page.count("<title id=") == page.count("<desc id=") == page.count('role="img"') == N_ITEMS + 2


def test_an_item_that_runs_the_wrong_way_is_stopped_in_words(answers: np.ndarray) -> None:  # type: ignore[type-arg]
    document = calibrate(answers, "2pl").to_document()
    lights = [light_of(record) for record in document["items"]]
    assert lights[NEGATIVE].colour == "red"
    assert lights[NEGATIVE].reasons == ("Those who know more have it wrong more often: check the key.",)
    assert [light.colour for place, light in enumerate(lights) if place != NEGATIVE] == ["green"] * (N_ITEMS - 1)


@pytest.mark.parametrize(
    ("fit", "colour"),
    [
        ({"p": 0.02, "infit": 1.0, "outfit": 1.0}, "green"),
        ({"p": 0.005}, "amber"),
        ({"p": 0.0005}, "red"),
        ({"outfit": 1.4}, "amber"),
        ({"outfit": 1.8}, "red"),
        ({"infit": 0.4}, "amber"),
        ({"p": None, "infit": None, "outfit": None}, "green"),
    ],
)
def test_misfit_has_its_bounds(fit: dict[str, float | None], colour: str) -> None:
    record = {"discrimination": 1.0, "status": "calibrated", "n_responses": 500, "fit": fit}
    assert light_of(record).colour == colour


def test_dots_are_the_observed_shares(answers: np.ndarray) -> None:  # type: ignore[type-arg]
    result = calibrate(answers, "2pl")
    groups = Observed(result.items, answers.astype(np.int8), [""] * N_ITEMS).groups(0)
    assert [one.n for one in groups] == [100] * 10
    assert [one.theta for one in groups] == sorted(one.theta for one in groups)
    assert np.mean([one.share for one in groups]) == pytest.approx(answers[:, 0].mean(), abs=1e-9)


def test_observed_shares_are_kept_with_a_calibration_and_read_back(answers: np.ndarray) -> None:  # type: ignore[type-arg]
    document = calibrate(answers, "2pl").to_document()
    assert read_back(document, document["items"][0]["item_id"]) == ()
    document["observed"] = written_down(document, answers.astype(np.int8))
    kept = read_back(document, document["items"][0]["item_id"])
    assert sum(one.n for one in kept) == len(answers)
    assert sum(one.n * one.share for one in kept) == pytest.approx(answers[:, 0].sum(), abs=0.05)
    assert read_back(document, "of another bank") == ()


def test_below_five_persons_nothing_is_shown_and_no_group_is_smaller() -> None:
    assert grouped([0.0] * 4, [1, 0, 1, 1], 1) == ()
    groups = grouped([3.0, 1.0, 2.0, 5.0, 4.0, 0.0, 6.0], [2, 0, 1, 2, 2, 0, 1], 2)
    assert [(one.n, one.theta, one.share) for one in groups] == [(7, 3.0, pytest.approx(8 / 14))]
    assert [one.n for one in grouped(range(12), [0] * 12, 1)] == [6, 6]


def test_what_is_no_calibration_or_has_other_items_is_refused(answers: np.ndarray) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match="calibration/1"):
        render_calibration({"assay": "simulation/1"})
    document = calibrate(answers, "2pl").to_document()
    with pytest.raises(ValueError, match="11 columns for 12 items"):
        render_calibration(document, answers[:, :-1])


def test_designs_stand_side_by_side_and_the_short_one_is_stopped(report: SimulationReport) -> None:
    page = render_simulation(report)
    assert "Designs side by side" in page
    assert page.count("<title id=") == page.count('role="img"') >= 4
    red = {
        (concern.design, concern.sentence.split(",")[0]) for concern in concerns_of(report) if concern.colour == "red"
    }
    assert ("5", "overall: half a logit or more below the cut") in red
    assert ("30", "overall: half a logit or more above the cut") not in red


def test_false_credit_is_counted_over_everybody_half_a_logit_below(report: SimulationReport) -> None:
    decided = report.designs[0].classification[0]
    below = [band for band in decided.distance if band.upper <= -0.5]
    share = sum(band.n_persons * band.credited for band in below) / sum(band.n_persons for band in below)
    told = next(c.sentence for c in concerns_of(report) if c.design == "5" and "earn the credit" in c.sentence)
    assert f"{100 * share:.1f}".rstrip("0").rstrip(".") + " %" in told
