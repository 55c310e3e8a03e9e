"""The design document: its examples are read as written, and every mistake is named with its remedy."""

import re
from pathlib import Path

import pytest

from engine.designs import (
    AbilityDesign,
    AnyRule,
    Design,
    DesignError,
    LossRule,
    SemRule,
    SprtRule,
    StoppingDesign,
    read_design,
    write_design,
)
from engine.selection.plan import compile_design
from engine.selection.tables import build_pool
from tests.engine.selection.banks import dichotomous_bank

PAGE = Path(__file__).parents[3] / "docs" / "methods" / "designs.md"
TOML_BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
PYTHON_BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("document", TOML_BLOCKS)
def test_documented_examples_are_valid_and_survive_json(document: str) -> None:
    design = read_design(document)
    assert read_design(write_design(design), format="json") == design


def test_first_example_says_what_it_seems_to() -> None:
    design = read_design(TOML_BLOCKS[0])
    assert design.stopping.rule == AnyRule(rules=(SemRule(at_most=0.25), LossRule(at_most=0.05)))
    assert design.cuts == (0.4,)
    assert design.content.constraints[0].min == 2


def test_example_file_equals_the_page() -> None:
    assert (PAGE.parents[1] / "examples" / "design.toml").read_text(encoding="utf-8") == TOML_BLOCKS[0]


def test_python_example_runs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PAGE.parents[2])
    exec(compile(PYTHON_BLOCKS[0], "page", "exec"), {})
    assert capsys.readouterr().out.strip().endswith(".")


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("name = 'x'\n[selection]\ncriterion = 'best'", "selection.criterion 'best' is unknown"),
        ("name = 'x'\n[selection]\ncriterium = 'random'", "criterium"),
        ("name = ' '", "name must say"),
        ("name = 'x'\n[ability]\nprior_sd = 0.0", "prior_sd must be above 0"),
        ("name = 'x'\n[ability]\nlower = 2.0\nupper = 1.0", "ability.lower must lie below"),
        ("name = 'x'\n[stopping]\nmin_items = 9\nmax_items = 8", "max_items must be at least"),
        ("name = 'x'\n[stopping]\nrule = {type = 'any', rules = []}", "need at least one rule"),
        ("name = 'x'\n[stopping]\nrule = {type = 'sem', at_most = -1.0}", "at_most must be above 0"),
        ("name = 'x'\n[decision]\ncut_theta = [9.0]", "must lie between"),
        ("name = 'x'\n[decision]\ncut_theta = [1.0, 0.0]", "must increase"),
        ("name = 'x'\n[exposure]\nexposure_parameters = {a = 1.5}", "exposure_parameters of a"),
        ("name = 'x'\n[stopping]\nscope = 'competencies'", "structure = 'competencies'"),
        ("name = 'x'\n[[content.constraints]]\ntype='count'\nattribute='level'\nmin=5\nmax=2", "min 5 above max 2"),
        ("name = ", "not valid TOML"),
    ],
)
def test_mistakes_are_named(document: str, sentence: str) -> None:
    with pytest.raises(DesignError, match=re.escape(sentence)):
        read_design(document)


def test_rules_are_walked_through_the_whole_tree() -> None:
    tree = AnyRule(rules=(SemRule(at_most=0.3), AnyRule(rules=(SprtRule(),))))
    assert [type(rule) for rule in Design(name="nested", stopping=StoppingDesign(rule=tree)).rules()] == [
        AnyRule, AnyRule, SprtRule, SemRule,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("name = 'x'\n[stopping]\nrule = {type = 'sprt'}", "give decision.cut_theta"),
        ("name = 'x'\n[selection]\ncriterion = 'mutual_information'", "needs decision.cut_theta"),
        (
            "name = 'x'\n[stopping]\nrule = {type='any', rules=[{type='any', rules=[{type='glr'}]}]}",
            "give decision.cut_theta",
        ),
    ],
)
def test_a_design_that_stands_alone_must_say_where_it_decides(document: str, sentence: str) -> None:
    design = read_design(document)
    assert design.needs_cut
    pool = build_pool(dichotomous_bank(30), design.ability)
    with pytest.raises(DesignError, match=re.escape(sentence)):
        compile_design(design, pool)
    stated = read_design(f"{document}\n[decision]\ncut_theta = [0.5]")
    assert compile_design(stated, pool).cuts == ((0.5,),)


def test_start_must_lie_on_the_grid() -> None:
    with pytest.raises(DesignError, match="start_theta"):
        AbilityDesign(start_theta=7.0)
