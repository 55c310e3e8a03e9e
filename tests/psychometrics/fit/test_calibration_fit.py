"""Fit of whole calibrations: groups, dimensions, fixed items, items without hope."""

import numpy as np
import pytest

from psychometrics import calibrate
from psychometrics.arrays import MISSING
from psychometrics.fit import Populations, calibration_fit, item_fit, item_mean_squares, lz_star, s_x2
from psychometrics.fit.s_x2 import COMPUTED
from psychometrics.quadrature import normal_grid
from tests.psychometrics.fit.banks import dichotomous_bank, draw
from tests.reference.lsat import LSAT6, expand


def test_rasch_takes_the_estimated_spread():
    # mirt 1.45.7, reference page LSAT6: itemfit(mod2)
    fit = calibration_fit(calibrate(expand(LSAT6), "rasch"), expand(LSAT6))
    assert fit.s_x2 == pytest.approx([0.436, 1.576, 0.872, 0.190, 0.190], rel=0.01)
    assert fit.df.tolist() == [2, 2, 1, 2, 2]


def two_populations(rng, n_items=10):
    items = dichotomous_bank(rng, n_items)
    group = np.repeat(["a", "b"], 700)
    theta = np.concatenate([rng.normal(size=700), rng.normal(1.0, 0.6, size=700)])
    return items, draw(items, theta, rng), group


def test_groups_add_up_under_their_own_populations():
    rng = np.random.default_rng(1)
    items, responses, group = two_populations(rng)
    grids = (normal_grid(), normal_grid(mean=1.0, sd=0.6))
    both = s_x2(items, responses, grid=Populations(grids, (group == "b").astype(int)), n_parameters=[0] * 10)
    parts = [s_x2(items, responses[group == g], grid=grid, n_parameters=[0] * 10) for g, grid in zip("ab", grids)]
    assert both.statistic == pytest.approx(parts[0].statistic + parts[1].statistic)
    assert (both.df == parts[0].df + parts[1].df).all()
    pooled = lz_star(items, responses, grid=Populations(grids, (group == "b").astype(int)))
    alone = [lz_star(items, responses[group == g], grid=grid).statistic for g, grid in zip("ab", grids)]
    assert pooled.statistic == pytest.approx(np.concatenate(alone))


def test_calibration_with_groups():
    rng = np.random.default_rng(2)
    _, responses, group = two_populations(rng)
    result = calibrate(responses, "2pl", groups=group)
    fit = calibration_fit(result, responses, groups=group)
    grids = tuple(normal_grid(mean=g.mean, sd=g.sd) for g in result.groups)
    populations = Populations(grids, (group == "b").astype(int))
    direct = s_x2(result.items, responses, grid=populations, n_parameters=[2] * 10, n_population_parameters=2)
    assert fit.s_x2 == pytest.approx(direct.statistic)
    assert (fit.df == direct.df).all()
    assert fit.infit == pytest.approx(item_mean_squares(result.items, responses, grid=populations).infit)
    assert np.median(fit.p) > 0.1
    with pytest.raises(ValueError, match="groups must label each of the 1400 persons"):
        calibration_fit(result, responses)
    with pytest.raises(ValueError, match="group 'c' is not one of the calibration's: a, b"):
        calibration_fit(result, responses, groups=np.where(group == "b", "c", "a"))


def test_dimensions_are_judged_apart():
    rng = np.random.default_rng(3)
    items = dichotomous_bank(rng, 12)
    theta = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], size=1200, method="cholesky")
    responses = np.concatenate(
        [draw(items.take(range(6)), theta[:, 0], rng), draw(items.take(range(6, 12)), theta[:, 1], rng)], axis=1
    )
    result = calibrate(responses, "2pl", dimensions=["x"] * 6 + ["y"] * 6)
    fit = calibration_fit(result, responses)
    half = item_fit(result.items.take(range(6)), responses[:, :6])
    assert fit.s_x2[:6] == pytest.approx(half.s_x2)
    assert np.median(fit.p) > 0.1


def test_fixed_items_cost_no_degrees_of_freedom():
    rng = np.random.default_rng(4)
    items = dichotomous_bank(rng, 8)
    responses = draw(items, rng.normal(0.5, 1.1, size=900), rng)
    names = list(items.item_id)
    result = calibrate(responses, "2pl", item_id=names, fixed=items.take(range(6)))
    fit = calibration_fit(result, responses, fixed=names[:6])
    plain = calibration_fit(result, responses)
    assert (fit.df[:6] >= plain.df[:6]).all()
    assert fit.s_x2 == pytest.approx(plain.s_x2)


def test_items_without_hope_keep_their_sentence():
    rng = np.random.default_rng(5)
    items = dichotomous_bank(rng, 8)
    responses = draw(items, rng.normal(size=400), rng)
    responses[:, 2] = 1
    responses[:, 5] = MISSING
    result = calibrate(responses, "2pl")
    fit = calibration_fit(result, responses)
    assert [s == COMPUTED for s in fit.status] == [i not in (2, 5) for i in range(8)]
    assert fit.status[2] == result.item_status[2]
    keep = [0, 1, 3, 4, 6, 7]
    assert fit.s_x2[keep] == pytest.approx(item_fit(result.items.take(keep), responses[:, keep]).s_x2)


def test_shapes_must_agree():
    responses = expand(LSAT6)
    with pytest.raises(ValueError, match="responses have 4 columns, the calibration 5 items"):
        calibration_fit(calibrate(responses, "rasch"), responses[:, :4])
    with pytest.raises(ValueError, match="from 0 to 0, one for each grid"):
        Populations((normal_grid(),), np.array([0, 1]))
    items = dichotomous_bank(np.random.default_rng(6), 5)
    with pytest.raises(ValueError, match="the populations are of 2 persons, the answers of 1000"):
        s_x2(items, responses, grid=Populations((normal_grid(),), np.array([0, 0])))
