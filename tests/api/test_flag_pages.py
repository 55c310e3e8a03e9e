"""Pictures of every kind of flag, live health's view of drift, and the verb."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from api.pages.institution.flags.drawing import figures_of
from api.pages.institution.overview.drift import drift_of
from engine.flags import Criteria, DriftOfItem, Flag, look
from engine.messages import LANGUAGES
from engine.storage.flags import KeptFlag, Run
from tests.engine.flags.world import copy, evidence_of, hurry, make_bank, sit

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def raised() -> dict[str, Flag]:
    """A flag of every kind, from one world where everything happens."""
    rng = np.random.default_rng(11)
    bank = make_bank(rng, 40)
    cheats = (np.arange(500) >= 250) & (rng.random(500) < 0.8)
    sat = sit(bank, rng, 500, 40, adaptive=False, known=lambda who, item: (cheats[who] & (item == 3)).astype(float))
    sat.right[(sat.item == 4) & (rng.random(sat.item.shape) < 0.6)] = 0
    sat.right[20, np.argsort(bank.parameters.difficulty[sat.item[20]])] = np.arange(40) >= 20
    sat.seconds[30, ::4] /= 4.0
    sat = copy(hurry(sat, rng, np.array([40]), 0.5), rng, np.array([50]), np.array([51]), 1.0)
    return {flag.kind: flag for flag in look(evidence_of(bank, sat), {}, Criteria()).flags}


def kept(flag: Flag) -> KeptFlag:
    return KeptFlag(
        uuid=uuid4(), kind=flag.kind, bank="b", value=flag.value, p=flag.p, said=flag.said, evidence=flag.evidence,
        raised_at=NOW, item=None, item_state=None, sittings=(), closed_at=None, outcome=None, named=None, reason=None,
    )  # fmt: skip


PICTURES = {
    "rapid_guessing": 1, "person_misfit": 1, "time_aberrance": 1, "answer_similarity": 0, "leak_alarm": 2,
    "item_drift": 2,
}  # fmt: skip


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_its_pictures_with_the_numbers_beside_them(raised, kind, language):
    figures = figures_of(kept(raised[kind]), language)
    assert len(figures) == PICTURES[kind]
    for figure in figures:
        assert "<svg" in figure.svg
        assert len(figure.rows) >= 10
        assert len({len(row) for row in figure.rows} | {len(figure.columns)}) == 1


def run_of(*lines: DriftOfItem) -> Run:
    return Run(
        bank_id=1, bank="b", title="Bank", n_sittings=90, n_since=2, computed_at=NOW, judged=(), drift=lines
    )  # fmt: skip


def line_of(item: int, shift: float | None, adjusted: float | None) -> DriftOfItem:
    return DriftOfItem(
        item=item, n_answers=80, observed=0.5, expected=0.5, shift=shift, standard_error=0.1, adjusted=adjusted
    )


def test_live_health_shows_what_drifts_the_strongest_first():
    run = run_of(
        line_of(1, 0.4, 0.01), line_of(2, -0.9, 0.001), line_of(3, 0.1, 0.001), line_of(4, 0.8, 0.2),
        line_of(5, None, None), line_of(6, 2.0, 0.001),
    )  # fmt: skip
    found = drift_of(run, {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"})
    assert [key for key, _ in found.drifting] == ["two", "one"]
    assert (found.n_judged, found.n_too_few) == (5, 1)


def assay(dsn: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": dsn, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "api", "flags", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


def test_the_verb_counts_what_was_judged_and_names_nobody(sample_dsn):
    done = assay(sample_dsn, "--bank", "data-literacy", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["looks"][0]["n_sittings"] > 35
    assert "rapid_guessing" in [flag["kind"] for flag in found["open"]]
    assert "O'Connor" not in done.stdout
    listed = assay(sample_dsn, "--stored")
    assert listed.returncode == 0
    assert "rapid_guessing (sitting " in listed.stdout
    assert "new flags" not in listed.stdout
    unknown = assay(sample_dsn, "--bank", "nowhere")
    assert (unknown.returncode, unknown.stderr.strip()) == (1, "assay: There is no bank 'nowhere' here.")
