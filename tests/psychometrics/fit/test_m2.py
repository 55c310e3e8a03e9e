"""M2, M2* and C2 against published values, full enumeration, and their own distribution."""

import dataclasses

import numpy as np
import pytest

from psychometrics import calibrate
from psychometrics.arrays import MISSING
from psychometrics.fit import m2
from psychometrics.fit.m2 import COMPUTED, SINGULAR, TOO_FEW_DF, TOO_FEW_PERSONS
from psychometrics.fit.moments import (
    category_functions,
    conditional_moments,
    expected_moments,
    moment_derivatives,
    observed_moments,
    sampling_covariance,
    score_functions,
)
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities
from psychometrics.quadrature import normal_grid
from tests.psychometrics.fit.banks import all_patterns, dichotomous_bank, draw, mixed_bank, pattern_probabilities
from tests.reference.lsat import LSAT6, LSAT7, expand
from tests.reference.science import science


def test_lsat7_equals_mirt():
    # mirt 1.45.6, reference page M2: M2(mirt(LSAT7, 1)) and its residual correlations
    fit = m2(calibrate(expand(LSAT7), "2pl").items, expand(LSAT7))
    assert (fit.df, fit.status, fit.n_persons) == (5, COMPUTED, 1000)
    assert fit.statistic == pytest.approx(11.938, abs=0.002)
    found = (fit.p, fit.rmsea, fit.rmsea_lower, fit.rmsea_upper, fit.srmsr, fit.tli, fit.cfi)
    assert found == pytest.approx((0.036, 0.037, 0.009, 0.065, 0.032, 0.937, 0.968), abs=0.0006)
    below = [-0.02212, -0.03266, 0.05155, 0.05443, 0.03336, -0.01643, -0.03868, -0.01248, -0.00186, 0.00007]
    assert fit.residual_correlations[np.triu_indices(5, 1)] == pytest.approx(below, abs=2e-4)


@pytest.mark.parametrize("model", ["1pl", "rasch"])
def test_lsat6_equals_mirt_in_both_parametrisations(model):
    # mirt 1.45.7, reference page LSAT6: M2(mod) and M2(mod2)
    calibration = calibrate(expand(LSAT6), model)
    group = calibration.groups[0]
    fit = m2(calibration.items, expand(LSAT6), grid=normal_grid(mean=group.mean, sd=group.sd))
    assert fit.df == 9
    assert (fit.statistic, fit.p, fit.srmsr, fit.tli) == pytest.approx((5.293, 0.808, 0.022, 1.073), abs=0.002)
    assert (fit.rmsea, fit.rmsea_lower, fit.cfi) == (0.0, 0.0, 1.0)
    assert fit.rmsea_upper == pytest.approx(0.023, abs=0.0006)


def test_science_c2_equals_mirt():
    # mirt 1.45.6, reference page M2: M2(mirt(Science, 1), type = 'C2')
    items = calibrate(science(), "grm").items
    fit = m2(items, science(), statistic="c2")
    assert fit.df == 2
    assert fit.statistic == pytest.approx(19.179, rel=0.001)
    found = (fit.rmsea, fit.rmsea_lower, fit.rmsea_upper, fit.srmsr, fit.tli, fit.cfi)
    assert found == pytest.approx((0.148, 0.092, 0.212, 0.073, 0.730, 0.910), abs=0.0006)
    assert m2(items, science()).status == TOO_FEW_DF


def _moment_matrix(items, functions):
    """Every moment of every pattern, (n_moments, n_patterns)."""
    patterns = all_patterns(items)
    single = [functions.value[a, patterns[:, i]] for a, i in enumerate(functions.item)]
    first, second = np.triu_indices(len(items), k=1)
    pairs = [patterns[:, i] * patterns[:, j] for i, j in zip(first, second, strict=True)]
    return np.array(single + pairs, dtype=float)


@pytest.mark.parametrize("functions_of", [score_functions, category_functions])
def test_moments_equal_enumeration(functions_of):
    rng = np.random.default_rng(1)
    items = mixed_bank(rng, 1)
    grid = normal_grid(n_nodes=21, mean=-0.2, sd=1.3)
    functions = functions_of(items.n_categories)
    margins = conditional_moments(probabilities(items, grid.nodes), grid.weights, functions)
    matrix = _moment_matrix(items, functions)
    probability = pattern_probabilities(items, grid.nodes) @ grid.weights
    assert expected_moments(margins) == pytest.approx(matrix @ probability)
    covariance = (matrix * probability) @ matrix.T - np.outer(matrix @ probability, matrix @ probability)
    assert sampling_covariance(margins, functions) == pytest.approx(covariance, abs=1e-12)
    responses = draw(items, rng.normal(size=300), rng)
    index = {tuple(p): k for k, p in enumerate(all_patterns(items).tolist())}
    shares = np.bincount([index[tuple(r)] for r in responses.tolist()], minlength=len(index)) / 300
    assert observed_moments(responses, functions) == pytest.approx(matrix @ shares)


def test_derivatives_equal_differences():
    rng = np.random.default_rng(2)
    items = dichotomous_bank(rng, 4)
    functions = score_functions(items.n_categories)
    estimated = np.array([True, False, True, True])

    def moments(intercept_shift, slope_shift, item, mean=0.1, sd=1.1):
        slope, intercept = items.discrimination.copy(), -items.discrimination * items.difficulty
        slope[item] += slope_shift
        intercept[item] += intercept_shift
        moved = ItemParameters.logistic(slope, -intercept / slope)
        grid = normal_grid(n_nodes=201, lower=-9, upper=9, mean=mean, sd=sd)
        return expected_moments(conditional_moments(probabilities(moved, grid.nodes), grid.weights, functions))

    h = 1e-5
    columns = []
    for name in ("slope", "intercept"):
        for item in np.flatnonzero(estimated):
            step = (h, 0.0) if name == "intercept" else (0.0, h)
            columns.append((moments(*step, item) - moments(-step[0], -step[1], item)) / (2 * h))
    columns.append((moments(0, 0, 0, mean=0.1 + h) - moments(0, 0, 0, mean=0.1 - h)) / (2 * h))
    columns.append((moments(0, 0, 0, sd=1.1 + h) - moments(0, 0, 0, sd=1.1 - h)) / (2 * h))
    grid = normal_grid(n_nodes=201, lower=-9, upper=9, mean=0.1, sd=1.1)
    found = moment_derivatives(items, grid, functions, ("mean", "sd"), estimated)
    assert found == pytest.approx(np.stack(columns, axis=1), abs=1e-8)


def test_the_statistic_is_chi_square_for_true_models():
    rng = np.random.default_rng(3)
    values, df = [], 0
    for _ in range(120):
        items = dichotomous_bank(rng, 6)
        fit = m2(items, draw(items, rng.normal(size=800), rng), estimated=np.zeros(6, dtype=bool))
        values.append(fit.statistic)
        df = fit.df
    # nothing was estimated, so all 6 + 15 margins test
    assert df == 21
    assert np.mean(values) == pytest.approx(df, abs=4 * np.sqrt(2 * df / 120))
    assert np.var(values) == pytest.approx(2 * df, rel=0.5)


def test_two_dimensions_are_refused_by_one():
    rng = np.random.default_rng(4)
    items = dichotomous_bank(rng, 12)
    one, other = rng.normal(size=(2, 1500))
    responses = np.concatenate(
        [draw(items.take(range(6)), one, rng), draw(items.take(range(6, 12)), other, rng)], axis=1
    )  # fmt: skip
    fit = m2(calibrate(responses, "2pl").items, responses)
    assert fit.p < 1e-6
    assert fit.rmsea > 0.03
    assert fit.cfi < 0.9


def test_what_cannot_be_computed_says_why():
    rng = np.random.default_rng(5)
    items = dichotomous_bank(rng, 5)
    responses = draw(items, rng.normal(size=40), rng)
    assert m2(items.take([0, 1]), responses[:, :2]).status == TOO_FEW_DF
    certain = dataclasses.replace(items, difficulty=np.array([-90.0, 0, 0, 0, 0]))
    assert m2(certain, responses).status == SINGULAR
    responses[:, 0] = MISSING
    gaps = m2(items, responses)
    assert gaps.status == TOO_FEW_PERSONS
    assert np.isnan(gaps.statistic)
    assert gaps.df == 0


def test_bad_input_is_named():
    items = dichotomous_bank(np.random.default_rng(6), 3)
    with pytest.raises(ValueError, match="statistic must be m2\\* or c2"):
        m2(items, [[0, 1, 0]], statistic="m3")
    with pytest.raises(ValueError, match="population must name mean, sd or both"):
        m2(items, [[0, 1, 0], [1, 1, 0]], population=("variance",))
    many = dichotomous_bank(np.random.default_rng(6), 150)
    with pytest.raises(ValueError, match="test parts of at most 100 items"):
        m2(many, np.zeros((3, 150), dtype=np.int8))
