"""The programs on the method pages of fit, DIF, linking and reliability run as printed."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "docs" / "methods"
PAGES = (
    "classification-accuracy",
    "dif",
    "item-fit",
    "linking",
    "local-dependence",
    "model-fit",
    "person-fit",
    "reliability",
)


@pytest.mark.parametrize("page", PAGES)
def test_program_runs(page):
    programs = re.findall(r"```python\n(.*?)```", (FOLDER / f"{page}.md").read_text(encoding="utf-8"), re.DOTALL)
    assert programs
    for program in programs:
        exec(compile(program, f"{page}.md", "exec"), {"__name__": page})
