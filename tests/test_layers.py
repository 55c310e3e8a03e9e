"""The house's three sentences: imports run downwards, waiting has its rooms, mathematics stands alone."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STOREYS = ("api", "engine", "itembank", "psychometrics")
ALLOWED_THIRD_PARTY = {"numpy", "scipy"}
GIRTH = Path("psychometrics/calibration/girth_backend.py")


def sources(storey: str) -> list[Path]:
    return sorted((ROOT / storey).rglob("*.py"))


def imported_roots(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").split(".")[0])
    return found


def test_imports_run_downwards() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("storey", STOREYS[1:])
def test_rules_never_wait(storey: str) -> None:
    """`async def` is legal in api, storage and workflows; a rule that waits cannot be replayed."""
    waiting = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources(storey)
        if not {"storage", "workflows"} & set(path.relative_to(ROOT).parts)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.AsyncFunctionDef | ast.Await)
    ]
    assert waiting == []


def test_mathematics_stands_alone() -> None:
    """psychometrics imports numpy, scipy and, in one file, girth."""
    foreign = {
        str(path.relative_to(ROOT)): sorted(others)
        for path in sources("psychometrics")
        if (
            others := imported_roots(path)
            - set(sys.stdlib_module_names)
            - ALLOWED_THIRD_PARTY
            - {"psychometrics"}
            - ({"girth"} if path.relative_to(ROOT) == GIRTH else set())
        )
    }
    assert foreign == {}


@pytest.mark.parametrize("storey", STOREYS[1:])
def test_rules_have_no_clock_and_no_dice(storey: str) -> None:
    """`now` and `rng` come in as arguments: nothing below the workflows reads the clock or seeds a generator."""
    forbidden = {
        ("datetime", "now"),
        ("datetime", "utcnow"),
        ("time", "time"),
        ("date", "today"),
        ("random", "default_rng"),
    }
    read = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources(storey)
        if not {"storage", "workflows"} & set(path.relative_to(ROOT).parts)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name | ast.Attribute)
        and (node.func.value.attr if isinstance(node.func.value, ast.Attribute) else node.func.value.id, node.func.attr)
        in forbidden
        and not (node.func.attr == "default_rng" and node.args)
    ]  # fmt: skip
    assert read == []
