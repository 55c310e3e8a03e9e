"""The programs on the pages about ability run as they stand there."""

import re
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[3] / "docs" / "methods"


@pytest.mark.parametrize(
    "page", ["ability", "information", "summed-score", "multidimensional-posterior", "score-of-record"]
)
def test_the_pages_program_runs(page: str) -> None:
    text = (PAGES / f"{page}.md").read_text("utf-8")
    programs = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert programs
    for program in programs:
        exec(compile(program, page, "exec"), {})
