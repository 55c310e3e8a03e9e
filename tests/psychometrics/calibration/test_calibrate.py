"""What the public door refuses, reports and keeps."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from psychometrics import CalibrationResult, calibrate
from psychometrics.arrays import MISSING
from psychometrics.calibration.priors import Beta, LogNormal, Normal, parse_prior
from tests.psychometrics.calibration.data import answers, bank


def _responses(n_persons: int = 300, n_items: int = 6, missing: float = 0.0) -> Any:
    rng = np.random.default_rng(7)
    return answers(bank("2pl", n_items, rng), rng.normal(size=n_persons), rng, missing)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "5pl"}, "'5pl' is not one of rasch"),
        ({"model": ["2pl"]}, "model has 1 entries for 6 items"),
        ({"model": {"item_1": "2pl"}}, "no model for item item_2"),
        ({"item_id": ["a"] * 6}, "item_id 'a' stands for columns 0 and 1"),
        ({"item_id": ["a"]}, "1 names for 6 columns"),
        ({"groups": ["a"]}, r"groups has shape \(1,\) for 300 persons"),
        ({"groups": [float("nan")] + [1.0] * 299}, "groups row 0: the group is absent"),
        ({"groups": ["a", None] * 150}, "groups row 1: the group is absent"),
        ({"dimensions": ["a", "b", "", "a", "b", "a"]}, "no competency for item item_3"),
        ({"groups": ["a", "b"] * 150, "reference_group": "c"}, "'c' is not one of the groups a, b"),
        ({"priors": {"slope": "normal(0, 1)"}}, "no parameter 'slope'"),
        ({"priors": {"guessing": "beta(0, 1)"}}, "not positive"),
        ({"priors": {"guessing": "gamma(1, 1)"}}, "is not normal"),
        ({"latent": "skewed"}, "'skewed' is not one of normal, histogram"),
        ({"dimensions": ["x"]}, "dimensions has 1 entries for 6 items"),
        ({"dimensions": {"item_1": "x"}}, "no competency for item item_2"),
        ({"dimensions": list("ababab"), "groups": ["a", "b"] * 150}, "groups cannot be combined with dimensions"),
        ({"dimensions": list("ababab"), "latent": "histogram"}, "a histogram has no correlations"),
        ({"n_categories": [1] * 6}, "at least 2"),
    ],
)
def test_bad_arguments_are_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        calibrate(_responses(), **({"model": "2pl"} | change))


def test_bad_responses_are_named() -> None:
    good = _responses().astype(float)
    with pytest.raises(ValueError, match="responses are empty: 0 persons by 3 items"):
        calibrate(np.zeros((0, 3)), "2pl")
    with pytest.raises(ValueError, match="every cell is missing"):
        calibrate(np.full((5, 3), MISSING), "2pl")
    good[3, 2] = 0.5
    with pytest.raises(ValueError, match=r"row 3, column 2: 0\.5 is not a whole category"):
        calibrate(good, "2pl")
    good[3, 2] = 3
    with pytest.raises(ValueError, match="item_3 has categories up to 3, but 2pl knows only 0 and 1"):
        calibrate(good, "2pl")
    with pytest.raises(ValueError, match="item_3 has an answer in category 3, above its maximum 1"):
        calibrate(good, "gpcm", n_categories=[2] * 6)
    with pytest.raises(
        ValueError, match="no item can be calibrated; item item_1: not calibrated: everybody had it right"
    ):
        calibrate(np.ones((50, 3)), "2pl")


def test_fixed_items_must_be_in_the_data_and_fit_it() -> None:
    responses = _responses()
    known = calibrate(responses, "2pl").items.take([0, 1])
    with pytest.raises(ValueError, match="fixed holds no item of the responses"):
        calibrate(responses, "2pl", item_id=list("abcdef"), fixed=known)
    part = calibrate(responses, "2pl", item_id=["item_1", *"bcdef"], fixed=known)
    assert part.notes == ("1 fixed items are not among the items of the responses",)
    assert part.items.difficulty[0] == known.difficulty[0]
    with pytest.raises(ValueError, match="fixed holds no item"):
        calibrate(responses, "2pl", fixed=known.take([]))
    wrong = responses.copy()
    wrong[4, 0] = 2
    with pytest.raises(ValueError, match="row 4: item item_1 has categories 0 to 1, not 2"):
        calibrate(wrong, "gpcm", fixed=known)


def test_hopeless_items_get_a_bound_and_a_sentence() -> None:
    responses = _responses(400, 6).astype(np.int8)
    extra = np.full((400, 5), MISSING, dtype=np.int8)
    extra[:, 0], extra[:, 1], extra[:7, 3] = 1, 0, 1
    extra[:, 4] = 1 - responses[:, :5].sum(axis=1).clip(2, 3) + 2
    result = calibrate(np.concatenate([responses, extra], axis=1), "2pl")
    assert result.converged
    assert "everybody had it right" in result.item_status[6]
    assert "everybody had it wrong" in result.item_status[7]
    assert result.item_status[8] == "not calibrated: nobody answered it"
    assert result.item_status[9] == "not calibrated: it has 7 answers, at least 10 are needed"
    assert "negative discrimination" in result.item_status[10]
    assert (result.items.difficulty[6], result.items.difficulty[7]) == (-6.0, 6.0)
    assert np.isfinite(result.items.discrimination).all()
    errors = result.standard_errors().column("difficulty")
    assert np.isinf(errors[6:10]).all()
    assert np.isfinite(errors[:6]).all()
    alone = calibrate(np.concatenate([responses, extra[:, 4:]], axis=1), "2pl")
    assert result.log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-6)


@pytest.mark.parametrize("model", ["grm", "gpcm", "pcm", "nrm"])
@pytest.mark.parametrize("empty", [0, 1, 2])
def test_an_empty_category_is_held_finite(model: str, empty: int) -> None:
    rng = np.random.default_rng(3)
    responses = answers(bank(model, 6, rng, 4), rng.normal(size=500), rng)
    responses[responses[:, 0] == empty, 0] = 3
    result = calibrate(responses, model)
    assert result.converged
    assert f"nobody is in category {empty}" in result.item_status[0]
    record = result.items.to_records()[0]
    assert all(abs(v) < 100 for name in ("thresholds", "steps") for v in record[name])


def test_persons_without_answers_are_left_out_and_said() -> None:
    responses = _responses(200, 5)
    padded = np.concatenate([np.full((2, 5), MISSING), responses])
    result, plain = calibrate(padded, "2pl"), calibrate(responses, "2pl")
    assert result.n_persons == 200
    assert result.notes == ("2 persons gave no answer and were left out (rows 0, 1)",)
    assert result.log_likelihood == plain.log_likelihood
    with pytest.raises(ValueError, match="group 'x' has no person with an answer"):
        calibrate(padded, "2pl", groups=["x", "x"] + ["y"] * 200)


def test_takes_frames_and_lists() -> None:
    responses = _responses(120, 4)
    frame = pl.DataFrame({f"q{j}": responses[:, j].tolist() for j in range(4)})
    a, b = calibrate(frame, "2pl", item_id=frame.columns), calibrate(responses.tolist(), "2pl")
    assert a.log_likelihood == b.log_likelihood
    assert a.items.item_id == ("q0", "q1", "q2", "q3")


def test_document_round_trips() -> None:
    rng = np.random.default_rng(5)
    theta = rng.normal(size=400)
    responses = np.concatenate([answers(bank(m, 3, rng), theta, rng, 0.1) for m in ("2pl", "grm", "nrm")], axis=1)
    result = calibrate(responses, ["2pl"] * 3 + ["grm"] * 3 + ["nrm"] * 3, groups=(theta > 0).astype(int))
    text = json.dumps(result.to_document(), allow_nan=False)
    document = json.loads(text)
    assert document["assay"] == "calibration/1"
    assert document["items"][0]["standard_error"]["discrimination"] > 0
    assert len(document["items"][4]["standard_error"]["thresholds"]) == 3
    assert document["groups"][1]["standard_error"]["mean"] > 0
    again = CalibrationResult.from_document(document)
    assert json.dumps(again.to_document(), allow_nan=False) == text
    np.testing.assert_array_equal(again.covariance("item_5"), result.covariance("item_5"))
    assert again.standard_errors().names("item_5") == ("discrimination", "thresholds_1", "thresholds_2", "thresholds_3")
    with pytest.raises(ValueError, match="there is no item 'nobody'"):
        again.covariance("nobody")
    bare = CalibrationResult.from_document(result.to_document(standard_errors=False))
    with pytest.raises(ValueError, match="without its data has no standard errors"):
        bare.standard_errors()
    with pytest.raises(ValueError, match="not 'calibration/1'"):
        CalibrationResult.from_document({"assay": "credential/1"})


@pytest.mark.parametrize(
    ("text", "prior", "x"),
    [
        ("beta(5, 17)", Beta(5, 17), 0.2),
        ("Normal(-1,2)", Normal(-1, 2), 0.3),
        ("lognormal(0, .5)", LogNormal(0, 0.5), 1.4),
    ],
)
def test_priors_are_densities(text: str, prior: Any, x: float) -> None:
    assert parse_prior(text) == prior
    support = {"Beta": (0, 1), "Normal": (-40, 40), "LogNormal": (0, 60)}[type(prior).__name__]
    points = np.linspace(*support, 200_001)
    density = np.exp(prior.log_density(points))
    assert np.trapezoid(density, points) == pytest.approx(1.0, abs=1e-4)
    assert np.isfinite(prior.log_density(np.array([x])))


def test_densities_are_nothing_outside_their_support() -> None:
    assert LogNormal(0, 1).log_density(np.array([-1.0, 0.0])).tolist() == [-np.inf, -np.inf]
    assert Beta(2, 2).log_density(np.array([-0.1, 1.2])).tolist() == [-np.inf, -np.inf]
