"""Calibrating files that are not as they should be: each fault is named with its place, or reported and skipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.cli.calibration_job import calibrate_table, write_calibration

N_PERSONS, N_ITEMS = 300, 6
Rows = list[list[str]]


def good_rows(n_persons: int = N_PERSONS) -> Rows:
    """A header and the answers of persons to six items, as text."""
    rng = np.random.default_rng(11)
    theta = rng.normal(size=n_persons)
    right = rng.random((n_persons, N_ITEMS)) < 1 / (1 + np.exp(-1.3 * (theta[:, None] - np.linspace(-1, 1, N_ITEMS))))
    header = ["person_id", "cov_country", *(f"q{j}" for j in range(N_ITEMS))]
    countries = rng.choice(["fr", "de"], n_persons)
    return [header, *([f"p{i}", countries[i], *("01"[int(x)] for x in row)] for i, row in enumerate(right))]


def write(folder: Path, rows: Rows, name: str = "responses.csv") -> Path:
    path = folder / name
    path.write_text("".join(",".join(row) + "\n" for row in rows), "utf-8")
    return path


def calibrated(responses: Path, **options: Any) -> dict[str, Any]:
    """The document, which must go into JSON as it is."""
    usual: dict[str, Any] = dict.fromkeys(("items", "key", "group", "fix", "dimensions"))
    usual |= {"model": "2pl", "priors": (), "latent": "normal", "estimator": "mml"}
    usual |= dict.fromkeys(("fit", "omit_as_wrong", "skip_bad"), False)
    document, _ = calibrate_table(responses=responses, tell=lambda _: None, **(usual | options))
    json.dumps(document, allow_nan=False)
    return document


def refusal(responses: Path, **options: Any) -> str:
    """The one sentence with which a file or an option is refused."""
    with pytest.raises(ValueError) as caught:
        calibrated(responses, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def place_of(line: int, column: str) -> str:
    return f"responses.csv, line {line}, column '{column}': "


def test_a_good_file_is_calibrated_and_written(tmp_path: Path) -> None:
    document = calibrated(write(tmp_path, good_rows()), fit=True)
    assert (document["status"], document["n_persons"], len(document["items"])) == ("converged", N_PERSONS, N_ITEMS)
    assert document["items"][0]["fit"]["s_x2"] >= 0
    write_calibration(document, tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text("utf-8")) == document
    write_calibration(document, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text("utf-8").count("\n") == N_ITEMS + 1


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("x", "'x' is not a number"),
        ("-1", "negative"),
        ("0.5", "not a whole number"),
        ("inf", "not a category"),
        ("nan", "not a category"),
        ("999", "above 126"),
    ],
)
def test_a_bad_cell_is_named_or_skipped(tmp_path: Path, cell: str, words: str) -> None:
    rows = good_rows()
    rows[7][4] = cell
    path = write(tmp_path, rows)
    sentence = refusal(path)
    assert sentence.startswith(place_of(8, "q2"))
    assert words in sentence
    document = calibrated(path, skip_bad=True)
    assert document["n_responses"] == N_PERSONS * N_ITEMS - 1
    assert document["notes"] == [f"skipped: {sentence}"]


def test_a_category_above_the_maximum_of_its_item(tmp_path: Path) -> None:
    rows = good_rows()
    rows[12][2] = "2"
    path = write(tmp_path, rows)
    items = write(tmp_path, [["item_id", "max_score"], *([f"q{j}", "1"] for j in range(N_ITEMS))], "items.csv")
    assert refusal(path, items=items).startswith(place_of(13, "q0") + "category 2 is above the item's max_score 1")
    assert "item q0 has categories up to 2, but 2pl knows only 0 and 1" in refusal(path)


def test_a_duplicate_person(tmp_path: Path) -> None:
    rows = good_rows()
    rows[20][0] = rows[10][0]
    path = write(tmp_path, rows)
    assert (
        refusal(path) == place_of(21, "person_id") + "person 'p9' already stands in line 11; keep one of the two rows."
    )
    assert calibrated(path, skip_bad=True)["n_persons"] == N_PERSONS - 1


def test_a_duplicate_item(tmp_path: Path) -> None:
    rows = good_rows()
    rows[0][5] = "q1"
    assert "'q1'" in refusal(write(tmp_path, rows))


def test_a_person_without_an_answer(tmp_path: Path) -> None:
    rows = good_rows()
    rows[5][2:] = [""] * N_ITEMS
    path = write(tmp_path, rows)
    assert "line 6" in refusal(path)
    document = calibrated(path, skip_bad=True)
    assert document["n_persons"] == N_PERSONS - 1
    assert "line 6" in document["notes"][0]


def test_an_item_nobody_answered(tmp_path: Path) -> None:
    rows = good_rows()
    for row in rows[1:]:
        row[3] = "NA"
    path = write(tmp_path, rows)
    assert refusal(path) == "responses.csv, column 'q1': nobody answered this item; remove the column."
    document = calibrated(path, skip_bad=True)
    assert [item["item_id"] for item in document["items"]] == ["q0", "q2", "q3", "q4", "q5"]


@pytest.mark.parametrize("text", ["", "\n", "person_id,q0,q1\n", "q0\n1\n", "\ufeff", "person_id,q0\np1,\n"])
@pytest.mark.parametrize("skip_bad", [False, True])
def test_files_with_nothing_in_them(tmp_path: Path, text: str, skip_bad: bool) -> None:
    path = tmp_path / "responses.csv"
    path.write_text(text, "utf-8")
    assert "responses.csv" in refusal(path, skip_bad=skip_bad)


def test_one_broken_row_in_a_large_file(tmp_path: Path) -> None:
    rows = good_rows(20_000)
    rows[15_000] = [*rows[15_000], "1", "0"]
    path = write(tmp_path, rows)
    assert refusal(path).startswith("responses.csv, line 15001")
    document = calibrated(path, skip_bad=True)
    assert document["n_persons"] == 19_999
    assert any("line 15001" in note for note in document["notes"])


def test_many_problems_are_counted_and_the_first_named(tmp_path: Path) -> None:
    rows = good_rows()
    for row in rows[1:51]:
        row[2] = "?"
    notes = calibrated(write(tmp_path, rows), skip_bad=True)["notes"]
    assert len(notes) == 21
    assert notes[-1] == "30 more problems were skipped"


def test_groups(tmp_path: Path) -> None:
    rows = good_rows()
    path = write(tmp_path, rows)
    assert [group["group"] for group in calibrated(path, group="country")["groups"]] == ["de", "fr"]
    assert "there is no column 'school' to tell groups apart" in refusal(path, group="school")
    rows[3][1] = ""
    path = write(tmp_path, rows)
    assert refusal(path, group="country").startswith(place_of(4, "cov_country"))
    assert calibrated(path, group="country", skip_bad=True)["n_persons"] == N_PERSONS - 1


def test_items_held_on_a_scale(tmp_path: Path) -> None:
    path = write(tmp_path, good_rows())
    first = calibrated(path)
    held = tmp_path / "held.json"
    write_calibration(first | {"items": [first["items"][0] | {"item_id": "elsewhere"}, *first["items"][1:3]]}, held)
    document = calibrated(path, fix=held)
    assert "1 fixed items are not among the items of the responses" in document["notes"]
    assert document["items"][1]["difficulty"] == first["items"][1]["difficulty"]
    write_calibration(first | {"items": [first["items"][0] | {"item_id": "elsewhere"}]}, held)
    assert "fixed holds no item of the responses" in refusal(path, fix=held)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "not json", '{"assay": "calibration/1", "items": 3}', '{"assay": "credential/1", "items": []}'],
)
def test_parameters_that_are_none(tmp_path: Path, text: str) -> None:
    held = tmp_path / "held.json"
    held.write_text(text, "utf-8")
    assert "held.json is no calibration document" in refusal(write(tmp_path, good_rows()), fix=held)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"discrimination": None}, "discrimination is absent"),
        ({"difficulty": "hard"}, "'hard' is not a number"),
        ({"model": "magic"}, "model 'magic' is not one of"),
        ({"item_id": ""}, "item_id is absent"),
    ],
)
def test_parameters_that_are_incomplete(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    path, held = write(tmp_path, good_rows()), tmp_path / "held.json"
    first = calibrated(path)
    write_calibration(first | {"items": [first["items"][0] | change]}, held)
    assert words in refusal(path, fix=held)


@pytest.mark.parametrize(
    ("prior", "words"),
    [
        ("beta(5, 17)", 'has no "="'),
        ("guessing=beta(5)", "is not normal(mean, sd)"),
        ("guessing=magic(1, 2)", "is not normal(mean, sd)"),
        ("guessing=beta(0, 17)", "not positive"),
        ("guessing=beta(1e, 17)", "a number that is none"),
        ("luck=beta(5, 17)", "there is no parameter 'luck'"),
        ("=", "there is no parameter ''"),
    ],
)
def test_priors_that_are_none(tmp_path: Path, prior: str, words: str) -> None:
    assert words in refusal(write(tmp_path, good_rows()), model="3pl", priors=(prior,))


def test_dimensions_need_competencies(tmp_path: Path) -> None:
    path = write(tmp_path, good_rows())
    assert "--dimensions competency needs --items" in refusal(path, dimensions="competency")
    bare = write(tmp_path, [["item_id", "max_score"], *([f"q{j}", "1"] for j in range(N_ITEMS))], "items.csv")
    assert "--dimensions competency needs --items" in refusal(path, items=bare, dimensions="competency")
    table = [["item_id", "competency"], *([f"q{j}", "AB"[j % 2]] for j in range(N_ITEMS))]
    table[4][1] = ""
    gap = write(tmp_path, table, "items.csv")
    assert "no competency for item q3" in refusal(path, items=gap, dimensions="competency")
    table[4][1] = "B"
    document = calibrated(path, items=write(tmp_path, table, "items.csv"), dimensions="competency")
    assert document["dimensions"] == ["A", "B"]
    assert document["items"][3]["competency"] == "B"


def test_models_of_the_items_file_are_used_where_the_choice_is_left_to_it(tmp_path: Path) -> None:
    path = write(tmp_path, good_rows())
    table = [["item_id", "model"], *([f"q{j}", "rasch" if j < 5 else ""] for j in range(N_ITEMS))]
    items = write(tmp_path, table, "items.csv")
    assert [item["model"] for item in calibrated(path, items=items, model="auto")["items"]] == ["rasch"] * 5 + ["2pl"]
    assert {item["model"] for item in calibrated(path, items=items)["items"]} == {"2pl"}


@pytest.mark.parametrize("model", ["rasch", "1pl", "2pl", "3pl", "4pl", "auto"])
def test_hopeless_items_leave_no_nan(tmp_path: Path, model: str) -> None:
    rows = good_rows()
    for place, row in enumerate(rows[1:]):
        row[2], row[3] = "1", "0"
        row[4] = "" if place > 4 else row[4]
    document = calibrated(write(tmp_path, rows), model=model, fit=True)
    status = [item["status"] for item in document["items"]]
    assert [text.startswith("not calibrated") for text in status] == [True, True, True, False, False, False]
    assert all(item["difficulty"] is not None for item in document["items"])
