"""What a calibration document says of fit, on simulated and on real answers."""

import csv
import json

import numpy as np

from psychometrics import calibrate
from psychometrics.arrays import MISSING
from psychometrics.fit import item_fit, item_mean_squares, lz, lz_star, q3, s_x2
from psychometrics.fit.s_x2 import COMPUTED
from tests.psychometrics.fit.banks import dichotomous_bank, draw


def test_records_are_json_without_nan():
    rng = np.random.default_rng(1)
    items = dichotomous_bank(rng, 8)
    responses = draw(items, rng.normal(size=300), rng)
    responses[:, 7] = MISSING
    fit = item_fit(items, responses)
    records = fit.to_records()
    json.dumps(records, allow_nan=False)
    assert set(records[0]) == {"s_x2", "df", "p", "infit", "outfit"}
    assert records[7] == {"s_x2": None, "df": 0, "p": None, "infit": None, "outfit": None}
    whole = item_fit(items.take(range(7)), responses[:, :7])
    assert [r["s_x2"] for r in records[:7]] == whole.s_x2.tolist()


def test_parts_are_the_single_statistics():
    rng = np.random.default_rng(2)
    items = dichotomous_bank(rng, 12)
    responses = draw(items, rng.normal(size=400), rng)
    fit = item_fit(items, responses, n_parameters=[1] * 12)
    assert np.array_equal(fit.s_x2, s_x2(items, responses, n_parameters=[1] * 12).statistic)
    assert np.array_equal(fit.infit, item_mean_squares(items, responses).infit)


def read(path, first):
    with path.open() as file:
        rows = list(csv.reader(file))[1:]
    return np.array([[float(c) if c else np.nan for c in row[first:]] for row in rows])


def test_timss_booklets_all_have_fit(shared_data):
    """86 % missing by design: every booklet of about 330 pupils is complete in itself."""
    responses = read(shared_data / "timss2011_g4" / "responses.csv", 4)
    calibration = calibrate(responses, "2pl")
    items = calibration.items
    fit = item_fit(items, responses)
    good = np.array([status == COMPUTED for status in fit.status])
    assert good.mean() > 0.95
    assert np.isfinite(fit.s_x2[good]).all()
    assert (fit.infit[good] > 0.6).all()
    assert (fit.infit[good] < 1.4).all()
    pairs = q3(items, responses)
    assert (pairs.n_persons == 0).any()
    assert np.isfinite(pairs.correlation[pairs.n_persons > 100]).all()
    assert np.isfinite(lz(items, responses).statistic).all()
    assert np.isfinite(lz_star(items, responses).statistic).all()


def test_icar_fits(shared_data):
    choices = read(shared_data / "icar16" / "answers.csv", 1)
    with (shared_data / "icar16" / "key.csv").open() as file:
        key = np.array([float(row[1]) for row in list(csv.reader(file))[1:]])
    responses = np.where(np.isnan(choices), np.nan, choices == key)
    calibration = calibrate(responses, "2pl")
    fit = item_fit(calibration.items, responses)
    assert set(fit.status) == {COMPUTED}
    assert np.isfinite(fit.s_x2).all()
    # the four rotation items share a kind of task that one ability does not explain
    strongest = q3(calibration.items, responses).pairs_above(0.1)
    assert any(i >= 12 and j >= 12 for i, j in strongest)
