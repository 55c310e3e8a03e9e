"""The E-step on a cluster: `dask.distributed`, two processes."""

from __future__ import annotations

import numpy as np
import pytest

from psychometrics import calibrate
from tests.psychometrics.calibration.data import answers, bank

distributed = pytest.importorskip("distributed")


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_of_two_processes_gives_the_same_estimates() -> None:
    rng = np.random.default_rng(3)
    responses = answers(bank("2pl", 12, rng), rng.normal(size=3000), rng)
    labels = ["a", "b"] * 6
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    )
    with cluster, distributed.Client(cluster) as client:
        far = calibrate(responses, "2pl", executor=client)
        far_many = calibrate(responses, "2pl", dimensions=labels, executor=client)
        assert len(client.scheduler_info()["workers"]) == 2
    near, near_many = calibrate(responses, "2pl"), calibrate(responses, "2pl", dimensions=labels)
    np.testing.assert_allclose(far.items.difficulty, near.items.difficulty, atol=1e-4)
    np.testing.assert_allclose(far.items.discrimination, near.items.discrimination, atol=1e-4)
    assert far.log_likelihood == pytest.approx(near.log_likelihood, abs=1e-5)
    np.testing.assert_allclose(far_many.items.difficulty, near_many.items.difficulty, atol=1e-4)
    np.testing.assert_allclose(far_many.correlations, near_many.correlations, atol=1e-4)
