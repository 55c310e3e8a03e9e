"""The house estimator against girth, which shares no code with it."""

from __future__ import annotations

import numpy as np
import pytest

from psychometrics import calibrate
from tests.psychometrics.calibration.data import answers, bank


@pytest.mark.parametrize(("model", "close"), [("1pl", 0.01), ("2pl", 0.01), ("grm", 0.03), ("gpcm", 0.03)])
@pytest.mark.filterwarnings("ignore")
def test_the_two_agree(model: str, close: float) -> None:
    rng = np.random.default_rng(11)
    items = bank(model, 8, rng, 3)
    responses = answers(items, rng.normal(size=1200), rng, missing=0.1 if model == "2pl" else 0.0)
    ours, theirs = calibrate(responses, model), calibrate(responses, model, estimator="girth")
    np.testing.assert_allclose(theirs.items.discrimination, ours.items.discrimination, atol=close)
    assert theirs.log_likelihood <= ours.log_likelihood + 1e-3
    assert theirs.log_likelihood == pytest.approx(ours.log_likelihood, abs=0.5)
    with pytest.raises(ValueError, match="no standard errors"):
        theirs.standard_errors()


@pytest.mark.filterwarnings("ignore")
def test_the_two_agree_on_guessing() -> None:
    rng = np.random.default_rng(5)
    items = bank("3pl", 8, rng)
    responses = answers(items, rng.normal(size=1500), rng)
    ours, theirs = calibrate(responses, "3pl"), calibrate(responses, "3pl", estimator="girth")
    assert theirs.log_likelihood <= ours.log_likelihood + 0.01
    assert theirs.log_likelihood == pytest.approx(ours.log_likelihood, abs=5.0)


def test_refuses_what_girth_cannot_do() -> None:
    responses = (np.random.default_rng(0).random((200, 4)) < 0.5).astype(np.int8)
    with pytest.raises(ValueError, match="only one group"):
        calibrate(responses, "2pl", estimator="girth", groups=["a", "b"] * 100)
    with pytest.raises(ValueError, match="only no priors"):
        calibrate(responses, "2pl", estimator="girth", priors={"difficulty": "normal(0, 2)"})
    with pytest.raises(ValueError, match="not rasch"):
        calibrate(responses, "rasch", estimator="girth")
    with pytest.raises(ValueError, match="is not one of mml, girth"):
        calibrate(responses, "2pl", estimator="bayes")
