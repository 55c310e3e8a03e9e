"""What the documentation shows is what the program does: every Python block of a page, and every example, runs."""

import re
import runpy
import shlex
from pathlib import Path

import click
import pytest

from api.cli import assay

ROOT = Path(__file__).parents[1]
TEXTS = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
PAGES = sorted(path for path in TEXTS if "```python" in path.read_text("utf-8"))
COMMANDS = sorted(
    {
        (path.name, command.strip())
        for path in TEXTS
        for line in re.findall(r"^ {4}assay (.*)$", path.read_text("utf-8"), re.MULTILINE)
        for command in re.sub(r"\s+#.*", "", line).split("&& assay")
    }
)
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_the_programs_of_a_page_run_as_printed(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page run one after the other, as a reader would type them, in the repository's root."""
    monkeypatch.chdir(ROOT)
    namespace: dict[str, object] = {"__name__": page.stem}
    programs = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    for number, program in enumerate(programs, 1):
        exec(compile(program, f"{page.name}, block {number}", "exec"), namespace)
    assert len(programs) > 0


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(example), run_name="__main__")
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_a_command_that_is_shown_is_understood(page: str, command: str) -> None:
    """Verb, options and arguments are those of the program; what it does is tested where the verb is."""
    verb, *arguments = shlex.split(command)
    found = assay.get_command(click.Context(assay), verb)
    assert found is not None, f"{page} shows a verb that there is not"
    found.make_context(verb, arguments)
