"""Where the files of the sample bank lie, and their rows as they stand."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ITEM_FILES = tuple(
    FOLDER / "items" / f"{competency}.jsonl"
    for competency in ("tables", "averages", "chance", "sampling", "spreadsheets")
)
PRACTICE_FILE = FOLDER / "practice.jsonl"
FRAMEWORK_FILE = FOLDER / "framework.csv"


def load_rows(*files: Path) -> list[dict[str, Any]]:
    """The rows of items files, in their order."""
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def load_bank() -> list[dict[str, Any]]:
    """All items of the bank, competency by competency; the practice items are not among them."""
    return load_rows(*ITEM_FILES)
