"""Mantel-Haenszel: a published table, plain loops, ETS classes, purification, false alarms."""

import numpy as np
import pytest

from psychometrics.arrays import MISSING
from psychometrics.dif import mantel_haenszel
from psychometrics.dif.mantel_haenszel import COMPUTED, NO_STRATA, NOT_DICHOTOMOUS, ONE_SIDED
from tests.psychometrics.dif.banks import two_groups

# Admissions at Berkeley by department, (rejected, admitted) of men, then of women: Bickel, Hammel & O'Connell 1975,
# Science 187, 398-404, the data set UCBAdmissions of R.
BERKELEY = [
    [[313, 512], [19, 89]], [[207, 353], [8, 17]], [[205, 120], [391, 202]],
    [[279, 138], [244, 131]], [[138, 53], [299, 94]], [[351, 22], [317, 24]],
]  # fmt: skip


def berkeley():
    score, group, department = [], [], []
    for place, table in enumerate(BERKELEY):
        for sex, (rejected, admitted) in zip(("men", "women"), table, strict=True):
            score += [0] * rejected + [1] * admitted
            group += [sex] * (rejected + admitted)
            department += [place] * (rejected + admitted)
    return np.array(score)[:, None], group, np.array(department)


def test_berkeley_equals_the_published_test():
    # R documentation of mantelhaen.test: X² = 1.4269 with continuity correction, p = 0.2323, common odds ratio
    # 0.9046968; Agresti 2002, Categorical Data Analysis, gives 1.52 without the correction
    score, group, department = berkeley()
    found = mantel_haenszel(score, group, matching=department, focal="women")
    assert found.chi_square[0] == pytest.approx(1.4269, abs=5e-5)
    assert found.p[0] == pytest.approx(0.2323, abs=5e-5)
    assert np.exp(found.log_odds[0]) == pytest.approx(0.9046968, abs=5e-8)
    # the 95 % interval printed there, 0.7719074 to 1.0603298, from the Robins-Breslow-Greenland error
    bounds = np.exp(found.log_odds[0] + np.array([-1, 1]) * 1.959964 * found.log_odds_error[0])
    assert bounds == pytest.approx([0.7719074, 1.0603298], abs=5e-7)
    plain = mantel_haenszel(score, group, matching=department, continuity=False)
    assert plain.chi_square[0] == pytest.approx(1.5246, abs=5e-5)
    assert found.delta[0] == pytest.approx(-2.35 * found.log_odds[0])


def naive(score, focal, stratum):
    """Sums over strata of one 2 x 2 table each (Holland & Thayer 1988)."""
    above = below = observed = expected = variance = difference = n_focal = 0.0
    for k in set(stratum.tolist()):
        a = ((stratum == k) & ~focal & (score == 1)).sum()
        b = ((stratum == k) & ~focal & (score == 0)).sum()
        c = ((stratum == k) & focal & (score == 1)).sum()
        d = ((stratum == k) & focal & (score == 0)).sum()
        n = a + b + c + d
        if (a + b) * (c + d) == 0:
            continue
        above, below = above + a * d / n, below + b * c / n
        observed, expected = observed + a, expected + (a + b) * (a + c) / n
        variance += (a + b) * (c + d) * (a + c) * (b + d) / (n**2 * (n - 1))
        difference += (c + d) * (c / (c + d) - a / (a + b))
        n_focal += c + d
    chi_square = max(abs(observed - expected) - 0.5, 0.0) ** 2 / variance
    return np.log(above / below), chi_square, difference / n_focal


def test_equals_a_plain_loop():
    rng = np.random.default_rng(1)
    responses, group = two_groups(rng, 400, 10, shift={3: 0.8})
    found = mantel_haenszel(responses, group, purification=False)
    for item in range(10):
        expected = naive(responses[:, item], group == "women", responses.sum(axis=1))
        got = (found.log_odds[item], found.chi_square[item], found.standardised_difference[item])
        assert got == pytest.approx(expected)


def test_forms_are_matched_apart():
    rng = np.random.default_rng(2)
    responses, group = two_groups(rng, 1000, 12)
    responses[:500, 9:] = MISSING
    responses[500:, :3] = MISSING
    found = mantel_haenszel(responses, group, purification=False)
    total = np.maximum(responses, 0).sum(axis=1) + np.where(np.arange(1000) < 500, 0, 100)
    expected = naive(responses[:, 5], group == "women", total)
    assert (found.log_odds[5], found.chi_square[5]) == pytest.approx(expected[:2])


def test_purification_finds_the_planted_items_only():
    rng = np.random.default_rng(3)
    shift = {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0}
    responses, group = two_groups(rng, 6000, 25, shift=shift, impact=0.5, rasch=True)
    found = mantel_haenszel(responses, group)
    assert set(found.ets_class[:4]) == {"C"}
    assert set(found.ets_class[4:]) == {"A"}
    assert (~found.anchors).nonzero()[0].tolist() == [0, 1, 2, 3]
    raw = mantel_haenszel(responses, group, purification=False)
    # planted items in the score push the delta of the fair ones the other way; taking them out brings it back
    assert abs(np.mean(found.delta[4:])) < abs(np.mean(raw.delta[4:])) / 2
    assert found.delta[:4] == pytest.approx([-2.35] * 4, abs=0.5)
    assert found.n_rounds >= 2


@pytest.mark.slow
def test_false_alarms_stay_at_their_level_over_many_tests():
    rng = np.random.default_rng(4)
    p = [
        mantel_haenszel(*two_groups(rng, 1000, 20, rasch=True), purification=False, continuity=False).p
        for _ in range(100)
    ]
    assert (np.concatenate(p) < 0.05).mean() == pytest.approx(0.05, abs=0.012)


def test_false_alarms_stay_at_their_level():
    rng = np.random.default_rng(5)
    p = [
        mantel_haenszel(*two_groups(rng, 800, 15, impact=0.5, rasch=True), purification=False, continuity=False).p
        for _ in range(25)
    ]
    assert (np.concatenate(p) < 0.05).mean() == pytest.approx(0.05, abs=0.03)


def test_mantel_for_polytomous_items_equals_its_formula():
    rng = np.random.default_rng(6)
    group = np.repeat([0, 1], 300)
    score = rng.integers(0, 4, 600)
    stratum = rng.integers(0, 5, 600)
    found = mantel_haenszel(score[:, None], group, matching=stratum)
    gap = variance = difference = 0.0
    for k in range(5):
        own, other = score[(stratum == k) & (group == 0)], score[(stratum == k) & (group == 1)]
        both = np.concatenate([own, other])
        n, n0, n1 = len(both), len(own), len(other)
        gap += own.sum() - n0 * both.sum() / n
        variance += n0 * n1 / (n**2 * (n - 1)) * (n * (both**2).sum() - both.sum() ** 2)
        difference += n1 * (other.mean() - own.mean())
    assert found.chi_square[0] == pytest.approx(gap**2 / variance)
    assert found.standardised_difference[0] == pytest.approx(difference / 300 / 3)
    assert found.status == (NOT_DICHOTOMOUS,)
    assert found.ets_class[0] in "ABC"


def test_what_cannot_be_computed_says_why():
    group = [0, 0, 1, 1]
    found = mantel_haenszel([[1, 1, 1], [1, 0, -1], [0, 1, -1], [0, 0, -1]], group, matching=[1, 1, 1, 1])
    assert found.status == (ONE_SIDED, COMPUTED, NO_STRATA)
    assert np.isnan(found.delta).tolist() == [True, False, True]
    assert found.ets_class[0] == found.ets_class[2] == "-"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"group": [0, 1]}, "one label for each of the 3 persons"),
        ({"group": [0, 1, 2]}, "exactly two labels, got 3"),
        ({"group": [0, 1, 1], "focal": 5}, "focal 5 is not one of the groups"),
        ({"group": [0, 1, 1], "matching": [1.0]}, "matching must hold one finite number"),
        ({"group": [0, 1, 1], "anchors": []}, "anchors must name at least one item"),
        ({"group": [0, 1, 1], "anchors": [2]}, "anchors must be positions from 0 to 1"),
        ({"group": [0, 1, 1], "adjustment": "sidak"}, "adjustment must be one of holm, bh, none"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        mantel_haenszel([[0, 1], [1, 1], [0, 0]], **arguments)


def test_timss_boys_and_girls(shared_data):
    rows = (shared_data / "timss2011_g4" / "responses.csv").read_text().splitlines()[1:]
    cells = [row.split(",") for row in rows]
    responses = np.array([[float(c) if c else np.nan for c in row[4:]] for row in cells])
    found = mantel_haenszel(responses, [row[3] for row in cells], focal="1")
    assert np.isfinite(found.delta[[s == COMPUTED for s in found.status]]).all()
    assert sum(c in "AB" for c in found.ets_class) > 150
