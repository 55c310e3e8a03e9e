"""The map of the house leads to rooms that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
STOREYS = ("api", "engine", "itembank", "psychometrics")
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


def rooms() -> list[str]:
    """The packages and modules right inside each storey."""
    inside = (path for storey in STOREYS for path in (ROOT / storey).iterdir() if not path.name.startswith("__"))
    return sorted(
        str(path.relative_to(ROOT)) for path in inside if path.suffix == ".py" or (path / "__init__.py").exists()
    )


def test_every_room_is_on_the_map() -> None:
    named = places()
    assert len(rooms()) > 80
    assert [room for room in rooms() if not any(place.startswith(room) for place in named)] == []
