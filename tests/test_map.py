"""The map of the house leads to rooms that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACE = re.compile(r"`([a-z_]+/[^` <]*)`")


def places() -> list[str]:
    """Every path that the map names; one in braces stands for several."""
    found = []
    for word in PLACE.findall((ROOT / "docs/architecture.md").read_text("utf-8")):
        head, brace, rest = word.partition("{")
        inside, _, tail = rest.partition("}")
        found += [head + one + tail for one in inside.split(",")] if brace else [word]
    return found


def test_every_place_on_the_map_exists() -> None:
    assert len(places()) > 60
    assert [place for place in places() if not any(ROOT.glob(place.rstrip("/")))] == []


def test_every_storey_and_every_room_of_the_engine_is_on_the_map() -> None:
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    for room in ("engine", "itembank", "psychometrics", "api/pages", "api/routes"):
        assert room in text
    packages = {path.name for path in (ROOT / "engine").iterdir() if (path / "__init__.py").exists()}
    assert {name for name in packages if f"engine/{name}" not in text and f"{name}/" not in text} == set()
