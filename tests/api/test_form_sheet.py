"""A fixed form as a sheet, from the verb that writes it to the questions on it."""

from pathlib import Path

import msgspec

from api.pages.items.sheet import render_sheet
from engine.fixed_form import FixedForm, assemble_form
from engine.policies import preset
from tests.api.test_command_line import assay
from tests.engine.assembly.test_fixed_form import BANK, occasion

SAMPLE = Path(__file__).parents[2] / "sample" / "assessments" / "data-literacy.toml"


def test_the_sheet_shows_every_question_and_no_key() -> None:
    base = preset("kctcs")
    asked = msgspec.structs.replace(occasion(12, 4, 8), key="post_test")
    form = assemble_form(asked, BANK, "print")
    policy = msgspec.structs.replace(base, occasions=(base.occasions[0], asked))
    sheet = render_sheet(policy, form, BANK)
    assert [sheet.index(f"Question {key}") for key in form.items] == sorted(
        sheet.index(f"Question {key}") for key in form.items
    )
    assert sheet.count("<li>") == 12
    for secret in ("correct", "difficulty", "discrimination", "checked"):
        assert secret not in sheet


def test_the_verb_writes_the_sheet_and_its_plan(sample_dsn: str, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_bytes(SAMPLE.read_bytes())
    asked = ["form", "policy.toml", "--bank", "data-literacy", "--occasion", "post_test", "--as", "large_print"]
    done = assay(*asked, "--output", "form.json", dsn=sample_dsn, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    form = msgspec.json.decode((tmp_path / "form.json").read_bytes(), type=FixedForm)
    assert len(set(form.items)) == 25
    counts = [sum(key.startswith(name) for key in form.items) for name in ("tables", "averages", "chance", "sampling")]
    assert all(3 <= count <= 7 for count in counts)
    done = assay(*asked, "--output", "form.html", dsn=sample_dsn, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    sheet = (tmp_path / "form.html").read_text("utf-8")
    assert sheet.count("<li>") >= 25
    assert '<body class="large_print">' in sheet
    refused = assay(*asked[:-1], "oral", "--output", "form.html", dsn=sample_dsn, cwd=tmp_path)
    assert refused.returncode == 1
    assert "offered as adaptive, print, large_print; add 'oral' to its forms" in refused.stderr
