"""The score of record: equal to the vectorised EAP, and the same bits under every processor setting."""

import ast
import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics.ability import record
from psychometrics.ability.estimate import estimate_ability
from psychometrics.ability.posterior import probability_above
from psychometrics.ability.record import FLOOR, freeze_table, recorded_posterior, score_of_record
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import probabilities
from psychometrics.quadrature import normal_grid
from tests.psychometrics.ability.banks import draw_responses, random_bank

GRID = normal_grid(121)
NODES, WEIGHTS = GRID.nodes.tolist(), GRID.weights.tolist()


def frozen_rows(items: ItemParameters, answers: Array) -> list[list[float]]:
    table = probabilities(items, GRID.nodes)
    frozen = [freeze_table(table[i, : items.n_categories[i]]) for i in range(len(items))]
    return [frozen[i][int(x)] for i, x in enumerate(answers) if x >= 0]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_it_is_the_eap_on_the_grid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    items = random_bank(("2pl", "3pl", "4pl", "grm", "gpcm", "nrm"), 60, rng)
    answers = draw_responses(items, rng.normal(size=1), rng, missing=0.1)
    found = score_of_record(frozen_rows(items, answers[0]), NODES, WEIGHTS)
    whole = estimate_ability(answers, items, "eap")
    assert found.theta == pytest.approx(whole.theta[0], abs=1e-10)
    assert found.sem == pytest.approx(whole.sem[0], abs=1e-10)


def test_the_posterior_is_right_to_the_last_bits_of_exact_arithmetic() -> None:
    """Sixty floating products against rational numbers: at most 61 roundings of half a unit each."""
    rng = np.random.default_rng(1)
    items = random_bank(("2pl", "3pl"), 60, rng)
    rows = frozen_rows(items, draw_responses(items, np.array([0.4]), rng)[0])
    found = recorded_posterior(rows, WEIGHTS)
    exact = [Fraction(w) for w in WEIGHTS]
    for row in rows:
        exact = [e * Fraction(r) for e, r in zip(exact, row, strict=True)]
    top = max(range(121), key=found.__getitem__)
    for node in range(121):
        if found[node] > 1e-250:
            ratio = float(exact[node] / exact[top])
            assert found[node] / found[top] == pytest.approx(ratio, rel=3e-14)


def test_an_empty_record_is_the_prior() -> None:
    found = score_of_record([], NODES, WEIGHTS)
    assert found.theta == pytest.approx(0.0, abs=1e-15)
    assert found.sem == pytest.approx(GRID.sd, abs=1e-12)


@pytest.mark.parametrize("n_items", [60, 3000])
def test_no_number_of_contradictions_underflows(n_items: int) -> None:
    items = ItemParameters.logistic(2.5, np.linspace(-4, 4, n_items))
    wrong_way_round = (np.arange(n_items) >= n_items // 2).astype(np.int8)
    grid = np.linspace(-6, 6, 121)
    found = score_of_record(frozen_rows(items, wrong_way_round), NODES, WEIGHTS)
    whole = estimate_ability(wrong_way_round[None, :], items, "eap", grid=grid)
    assert found.theta == pytest.approx(whole.theta[0], abs=1e-10)
    assert found.sem == pytest.approx(whole.sem[0], abs=1e-8)


def test_a_prior_with_empty_nodes() -> None:
    weights = [0.0 if x < 0 else 1.0 for x in NODES]
    rows = frozen_rows(ItemParameters.logistic(1.0, [0.0, 1.0]), np.array([0, 1]))
    found = score_of_record(rows, NODES, weights)
    assert found.theta > 0.0
    assert found.posterior[:60] == (0.0,) * 60


def test_the_scale_of_the_posterior_is_a_power_of_two() -> None:
    rows = frozen_rows(ItemParameters.logistic(1.0, np.zeros(30)), np.ones(30, dtype=int))
    assert 0.5 <= max(score_of_record(rows, NODES, WEIGHTS).posterior) < 1.0


def test_probability_above_the_cut_agrees_with_the_vectorised_one() -> None:
    rng = np.random.default_rng(2)
    items = random_bank(("2pl",), 20, rng)
    rows = frozen_rows(items, draw_responses(items, np.array([0.2]), rng)[0])
    posterior = score_of_record(rows, NODES, WEIGHTS).posterior
    for cut in (-9.0, -6.0, -0.55, 0.0, 0.123, 1.0, 6.0, 7.0):
        vectorised = float(probability_above(np.array(posterior), GRID.nodes, cut))
        assert record.probability_above(posterior, NODES, cut) == pytest.approx(vectorised, abs=1e-12)


def test_bad_tables_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"category 1, node 0: 1\.5 is not a probability"):
        freeze_table([[0.5], [1.5]])
    with pytest.raises(ValueError, match="category 0, node 1: nan is not"):
        freeze_table([[0.5, float("nan")]])
    with pytest.raises(ValueError, match="row 1 has 2 values for 3 nodes"):
        score_of_record([[0.5] * 3, [0.5] * 2], [-1.0, 0.0, 1.0], [0.3, 0.4, 0.3])
    with pytest.raises(ValueError, match="3 nodes and 2 weights"):
        score_of_record([], [-1.0, 0.0, 1.0], [0.5, 0.5])
    with pytest.raises(ValueError, match="every node has posterior weight 0"):
        score_of_record([], [-1.0, 1.0], [0.0, 0.0])
    with pytest.raises(ValueError, match="equally spaced"):
        record.probability_above([0.2, 0.3, 0.5], [-1.0, 0.0, 3.0], 0.5)


def test_frozen_probabilities_have_a_floor() -> None:
    assert freeze_table([[0.0, 1e-200, 0.25]]) == [[FLOOR, FLOOR, 0.25]]


def test_the_program_of_an_appeal_needs_the_standard_library_alone() -> None:
    tree = ast.parse(Path(record.__file__).read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= set(sys.stdlib_module_names) | {"__future__"}
    forbidden = {"exp", "log", "pow", "expm1", "log1p", "sum"}
    called = {n.func.attr if isinstance(n.func, ast.Attribute) else getattr(n.func, "id", "")
              for n in ast.walk(tree) if isinstance(n, ast.Call)}  # fmt: skip
    assert not called & forbidden


PROGRAM = """
import importlib.util, json, sys
import numpy
spec = importlib.util.spec_from_file_location("record", sys.argv[1])
record = importlib.util.module_from_spec(spec)
sys.modules["record"] = record
spec.loader.exec_module(record)
case = json.load(open(sys.argv[2]))
nodes, weights = case["nodes"], case["weights"]
for rows in case["sittings"]:
    s = record.score_of_record(rows, nodes, weights)
    print(s.theta.hex(), s.sem.hex(), record.probability_above(s.posterior, nodes, 0.317).hex())
"""


def test_the_same_bits_under_every_processor_setting(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    items = random_bank(("2pl", "3pl", "grm"), 30, rng)
    responses = draw_responses(items, rng.normal(size=25), rng, missing=0.2)
    sittings = [frozen_rows(items, answers) for answers in responses]
    case = tmp_path / "case.json"
    case.write_text(json.dumps({"nodes": NODES, "weights": WEIGHTS, "sittings": sittings}))
    here = "".join(
        f"{s.theta.hex()} {s.sem.hex()} {record.probability_above(s.posterior, NODES, 0.317).hex()}\n"
        for s in (score_of_record(rows, NODES, WEIGHTS) for rows in sittings)
    )
    for setting in (
        {},
        {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"},
        {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR", "OPENBLAS_CORETYPE": "Prescott"},
        {"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "2"},
    ):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, record.__file__, str(case)],
            env=os.environ | setting, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout == here
