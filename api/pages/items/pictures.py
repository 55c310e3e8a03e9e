"""The picture an interaction lies on: numbered areas, points, and the rulers that tell where they lie, as SVG."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from itembank.items import Choice, Picture

WIDTH, HEIGHT = 400, 300
"""The size of a picture that does not state its own."""
STEPS = (5, 10, 20, 25, 50, 100, 200, 250, 500, 1000)
MOST_TICKS = 5
NARROWEST = 420
"""How wide a small picture is drawn, so that its areas can be told apart and hit."""


class Area(NamedTuple):
    """One area: its outline, and where its number stands."""

    outline: Markup
    x: float
    y: float


class Frame(NamedTuple):
    """The size of a picture, how wide it is drawn, the size of letters on it, and the ticks of its rulers."""

    width: int
    height: int
    drawn: int
    letters: int
    across: tuple[int, ...]
    down: tuple[int, ...]


def frame_of(picture: Picture | None) -> Frame:
    """How large the picture is, in the unit that its coordinates use."""
    width = (picture.width if picture else 0) or WIDTH
    height = (picture.height if picture else 0) or HEIGHT
    drawn = max(width, NARROWEST)
    return Frame(width, height, drawn, max(round(14 * width / drawn), width // 28), ticks(width), ticks(height))


def ticks(size: int) -> tuple[int, ...]:
    """Round numbers along one side, few enough to be read."""
    step = next((step for step in STEPS if size / step <= MOST_TICKS), size)
    return tuple(range(step, size + 1, step))


def area_of(choice: Choice, frame: Frame) -> Area | None:
    """The outline of an area; None where it has none of its own (the rest of the picture) or cannot be read."""
    try:
        at = list(_numbers(choice.coords, frame))
    except ValueError:
        return None
    if choice.shape == "rect" and len(at) == 4:
        left, top, right, bottom = at
        outline = Markup('<rect class="area" x="{}" y="{}" width="{}" height="{}"/>')
        return Area(outline.format(left, top, right - left, bottom - top), left, (top + bottom) / 2)
    if choice.shape == "circle" and len(at) == 3:
        outline = Markup('<circle class="area" cx="{}" cy="{}" r="{}"/>')
        return Area(outline.format(*at), at[0] - at[2], at[1])
    if choice.shape == "ellipse" and len(at) == 4:
        outline = Markup('<ellipse class="area" cx="{}" cy="{}" rx="{}" ry="{}"/>')
        return Area(outline.format(*at), at[0] - at[2], at[1])
    return _polygon(at) if len(at) >= 6 and choice.shape != "default" else None


def _polygon(at: Sequence[float]) -> Area:
    corners = list(zip(at[::2], at[1::2]))
    outline = Markup('<polygon class="area" points="{}"/>').format(" ".join(f"{x},{y}" for x, y in corners))
    return Area(outline, min(x for x, _ in corners), sum(y for _, y in corners) / len(corners))


def _numbers(coords: str, frame: Frame) -> list[float]:
    """Coordinates in the picture's unit; percentages are of its width and height in turn."""
    parts = [part.strip() for part in coords.split(",") if part.strip()]
    sides = (frame.width, frame.height)
    return [
        float(part[:-1]) * sides[place % 2] / 100 if part.endswith("%") else float(part)
        for place, part in enumerate(parts)
    ]


def point_of(given: str) -> tuple[float, float] | None:
    """A point as it was given: "120 45"."""
    try:
        x, y = (float(part) for part in given.split())
    except ValueError:
        return None
    return x, y
