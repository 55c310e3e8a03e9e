from __future__ import annotations

import numpy as np
import pytest

from psychometrics.quadrature import Grid, normal_grid, normal_weights


def test_default_grid_has_the_moments_of_the_standard_normal() -> None:
    grid = normal_grid()
    assert grid.nodes.shape == (61,)
    moments = [float(grid.weights @ grid.nodes**power) for power in range(7)]
    np.testing.assert_allclose(moments, [1, 0, 1, 0, 3, 0, 15], atol=1e-4)


def test_mean_and_sd_of_a_shifted_population() -> None:
    grid = normal_grid(121, -8, 8, mean=0.7, sd=1.3)
    assert grid.mean == pytest.approx(0.7, abs=1e-6)
    assert grid.sd == pytest.approx(1.3, abs=1e-5)


def test_moments_of_two_points() -> None:
    grid = Grid(np.array([-1.0, 3.0]), np.array([0.75, 0.25]))
    assert (grid.mean, grid.sd) == (0.0, pytest.approx(3**0.5))


def test_a_narrow_population_between_nodes_still_sums_to_one() -> None:
    assert normal_weights(np.linspace(-6, 6, 61), 0.11, 0.01).sum() == pytest.approx(1.0)


def test_refuses_what_is_no_population() -> None:
    with pytest.raises(ValueError, match="positive sd"):
        normal_grid(sd=0)
    with pytest.raises(ValueError, match="at least 2 nodes"):
        normal_grid(1)
    with pytest.raises(ValueError, match="lower < upper"):
        normal_grid(61, 6, -6)
