"""The examples on the method pages of adaptive testing are real: documents are read, programs run."""

import re
from pathlib import Path

import pytest

from engine.designs import read_design

METHODS = Path(__file__).parents[3] / "docs" / "methods"
PAGES = ("designs", "selection", "shadow-tests", "exposure", "stopping", "simulation", "multistage", "item-life")


def blocks(page: str, language: str) -> list[str]:
    text = (METHODS / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize(("page", "number"), [(page, n) for page in PAGES for n in range(len(blocks(page, "toml")))])
def test_documents_are_valid(page: str, number: int) -> None:
    document = blocks(page, "toml")[number]
    design = read_design(document if "name =" in document else f"name = 'part'\n{document}")
    assert design != read_design("name = 'part'")


def test_the_simulation_page_runs_and_longer_is_better(capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = blocks("simulation", "python")
    exec(compile(program, "simulation.md", "exec"), {})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[:2] for line in lines] == [["15", "items"], ["30", "items"]]
    assert float(lines[1][2]) < float(lines[0][2])
    assert float(lines[1][3]) > float(lines[0][3])


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Links between the pages lead somewhere."""
    text = (METHODS / f"{page}.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([\w-]+\.md)\)", text):
        assert (METHODS / target).exists()


def test_the_selection_page_lists_every_criterion() -> None:
    from engine.selection.registry import CRITERIA

    text = (METHODS / "selection.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`([a-z_]+)`", text)) | {"global_discrimination_posterior"}
    assert set(CRITERIA) <= listed


def test_the_stopping_page_lists_every_rule() -> None:
    from engine.stopping.stop import REASONS

    text = (METHODS / "stopping.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`([a-z_]+)`", text))
    assert set(REASONS) - {"pool_exhausted", "form_complete"} <= listed
