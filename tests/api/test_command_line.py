"""The verbs as people run them: exit status, one clear sentence on stderr, JSON when asked, and a fast --help."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from api.cli import VERBS

ROOT = Path(__file__).parents[2]
CSV = {
    "items.csv": "item_id,competency,key,stem,options\nq1,algebra,A,What?,x|y\n",
    "framework.csv": "key,parent,statement\nnumbers,,Numbers\n",
    "no_item_id.csv": "a,b\n1,2\n",
    "text.csv": "person_id,q1,q2\np1,0,1\np2,1,x\n",
    "two.csv": "person_id,q1,q2\np1,1,0\np2,1,1\n",
    "header.csv": "person_id,q1\n",
    "empty.csv": "",
}


def assay(*arguments: str, dsn: str = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": dsn, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-m", "api", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("files")
    for name, text in CSV.items():
        (made / name).write_text(text)
    (made / "garbage.zip").write_bytes(b"PK\x03\x04garbage")
    policy = (ROOT / "sample" / "assessments" / "data-literacy.toml").read_text("utf-8")
    (made / "too_long.toml").write_text(
        policy.replace("min_items = 10", "min_items = 2000").replace("max_items = 16", "max_items = 2500")
        .replace("min = 2", "min = 400").replace("max = 5", "max = 500")
    )  # fmt: skip
    (made / "unknown.toml").write_text(policy.replace('"tables"', '"algebra"'))
    return made


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("import items.csv --bank new --framework framework.csv", "the competency 'algebra'"),
        ("import no_item_id.csv --bank new --framework framework.csv", "no column 'item_id'"),
        ("import items.csv --bank nowhere", "no bank 'nowhere'"),
        ("import garbage.zip --bank new --framework framework.csv", "not a readable zip file"),
        ("import missing.csv --bank new --framework framework.csv", "missing.csv"),
        ("import empty.csv --bank new --framework framework.csv", "is empty"),
        ("import items.csv --bank new --institution nobody", "no institution 'nobody'"),
        ("calibrate text.csv --output o.json", "line 3, column 'q2': 'x' is not a number"),
        ("calibrate two.csv --output o.json", "no item can be calibrated"),
        ("calibrate header.csv --output o.json", "no row that can be used"),
        ("calibrate empty.csv --output o.json", "is empty"),
        ("calibrate missing.csv --output o.json", "missing.csv"),
        ("score two.csv --parameters items.csv --output o.csv", "no calibration document"),
        ("check too_long.toml --bank data-literacy", "competency=tables lacks 340"),
        ("check unknown.toml --bank data-literacy", "measures 'algebra'"),
        ("publish items.csv --bank data-literacy", "not valid TOML"),
        ("replay 00000000-0000-4000-8000-000000000000", "no sitting"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    sample_dsn: str, folder: Path, arguments: str, sentence: str
) -> None:
    done = assay(*arguments.split(), dsn=sample_dsn, cwd=folder)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("assay: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert not (folder / "o.json").exists()
    assert "new" not in assay("psql", "-Atc", "SELECT key FROM bank", dsn=sample_dsn).stdout.split()


def test_a_file_that_is_no_credential_fails_the_check(folder: Path) -> None:
    done = assay("verify", "items.csv", cwd=folder)
    assert done.returncode == 1
    assert "Cannot be checked" in done.stdout


def test_wrong_usage_is_status_two() -> None:
    for arguments in (
        ["nonsense"],
        ["calibrate"],
        ["calibrate", "x.csv", "--model", "5pl", "--output", "y"],
        ["calibrate", "--output", "y"],
        ["calibrate", "x.csv", "--bank", "b", "--field-test", "t", "--output", "y"],
        ["calibrate", "--field-test", "t", "--output", "y"],
        ["calibrate", "--bank", "b", "--field-test", "t", "--items", "i.csv", "--output", "y"],
        ["replay"],
    ):
        done = assay(*arguments)
        assert done.returncode == 2, arguments
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb: str) -> None:
    done = assay(verb, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage: assay" in done.stdout
    assert "Example:" in done.stdout


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "api", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    names = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert not names & {"numpy", "scipy", "litestar", "asyncpg", "polars", "lxml", "sqlalchemy"}
    assert {"click", "api.cli"} <= names
    assert len(names) < 150, "a bare interpreter and click; numpy alone would bring as many again"


def test_answers_kept_with_a_bank_are_calibrated_and_attached(sample_dsn: str, tmp_path: Path) -> None:
    """The same answers as a file and as two field tests give the same parameters; then the bank rests on them."""
    exported = assay(
        "export", "--bank", "data-literacy", "--format", "json", "--output", str(tmp_path / "b.jsonl"), dsn=sample_dsn
    )
    assert exported.returncode == 0, exported.stderr
    framework = str(ROOT / "sample/framework.csv")
    own = assay("import", str(tmp_path / "b.jsonl"), "--bank", "kept", "--framework", framework, dsn=sample_dsn)
    assert own.returncode == 0, own.stderr
    keys = [json.loads(line)["key"] for line in (tmp_path / "b.jsonl").read_text().splitlines()[:6]]
    rng = np.random.default_rng(11)
    right = rng.random((600, 6)) < 1 / (1 + np.exp(np.linspace(-1, 1, 6) - rng.normal(size=(600, 1))))
    rows = [f"p{n}," + ",".join(str(int(cell)) for cell in row) for n, row in enumerate(right)]
    head = ",".join(["person_id", *keys])
    for name, part in (("all", rows), ("first", rows[:250]), ("second", rows[250:])):
        (tmp_path / f"{name}.csv").write_text("\n".join([head, *part]) + "\n")
    for name in ("first", "second"):
        kept = assay("responses", str(tmp_path / f"{name}.csv"), "--bank", "kept", dsn=sample_dsn)
        assert kept.returncode == 0, kept.stderr
    out = [str(tmp_path / "file.json"), str(tmp_path / "kept.json")]
    by_file = assay("calibrate", str(tmp_path / "all.csv"), "--model", "rasch", "--output", out[0])
    assert by_file.returncode == 0, by_file.stderr
    tests = ["--bank", "kept", "--field-test", "first", "--field-test", "second"]
    by_test = assay("calibrate", *tests, "--model", "rasch", "--output", out[1], dsn=sample_dsn)
    assert "Attached to bank kept: 6 items" in by_test.stdout, by_test.stderr
    documents = [json.loads(Path(name).read_text()) for name in out]
    assert documents[0]["log_likelihood"] == pytest.approx(documents[1]["log_likelihood"], rel=1e-12)
    found = [{record["item_id"]: record["difficulty"] for record in document["items"]} for document in documents]
    assert found[0] == pytest.approx(found[1], abs=1e-9)
    assert all(record["competency"] for record in documents[1]["items"])
    unknown = assay("calibrate", "--bank", "kept", "--field-test", "third", "--output", out[1], dsn=sample_dsn)
    assert unknown.returncode == 1
    assert "it has first, second" in unknown.stderr


def test_from_files_to_a_published_assessment_and_back(sample_dsn: str, folder: Path, tmp_path: Path) -> None:
    """Export, import again without change, calibrate, score and simulate: every verb takes what the others write."""
    exported = assay(
        "export", "--bank", "data-literacy", "--format", "json", "--output", str(tmp_path / "b.jsonl"), dsn=sample_dsn
    )
    assert exported.returncode == 0, exported.stderr
    again = assay("import", str(tmp_path / "b.jsonl"), "--bank", "data-literacy", "--json", dsn=sample_dsn)
    result = json.loads(again.stdout)["result"]
    assert len(result["unchanged"]) == 300
    assert "added" not in result
    assert "changed" not in result
    published = assay(
        "publish",
        str(ROOT / "sample/assessments/data-literacy.toml"),
        "--bank",
        "data-literacy",
        "--json",
        dsn=sample_dsn,
    )
    assert json.loads(published.stdout)["number"] == 2, published.stderr
