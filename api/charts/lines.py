"""Curves over an axis, with bands and vertical marks: item characteristic, information, standard error."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup

from api.charts.figure import Figure, picture, shape

WIDTH, HEIGHT = 640.0, 320.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 16.0, 20.0, 44.0
LETTER = 6.1
"""Usual width of a letter of the legend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A curve by name; `low` and `high` make a band around it."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    second: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A vertical line at `x`, with its words."""

    x: float
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dots:
    """Observed points; `size` is their radius, `n` how many persons stand behind each, `hollow` a second kind."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    size: Sequence[float]
    n: Sequence[int] = ()
    hollow: bool = False


def line_chart(
    title: str, description: str, lines: Sequence[Line], x_name: str, y_name: str, *,
    marks: Sequence[Mark] = (), levels: Sequence[Mark] = (), dots: Sequence[Dots] = (), persons: str = "",
    y_range: tuple[float, float] | None = None, n_rows: int = 13,
) -> Figure:  # fmt: skip
    """The curves on common axes; the table holds every curve at up to `n_rows` values of the first one's x.

    `levels` are marks across, at a value of y. Observed `dots` follow in the table, each beside the curves' values at
    its x; `persons` names the column that says how many stand behind it. More than one curve or group has a legend.
    """
    xs = [value for line in lines for value in line.x] + [value for group in dots for value in group.x]
    ys = [value for line in lines for row in (line.y, line.low, line.high) if row is not None for value in row]
    ys += [mark.x for mark in levels]
    x_axis = Axis(min(xs), max(xs), LEFT, WIDTH - RIGHT)
    low, high = y_range or (min(0.0, min(ys)), max(ys) or 1.0)
    y_axis = Axis(low, high, HEIGHT - BOTTOM, TOP)
    parts = [*frame(x_axis, y_axis, x_name, y_name)]
    for line in lines:
        parts += curve(line, x_axis, y_axis)
    for mark in marks:
        at = x_axis.at(mark.x)
        parts.append(shape("line", "cut", x1=at, x2=at, y1=TOP, y2=HEIGHT - BOTTOM))
        parts.append(shape("text", "faint", mark.name, x=at + 4, y=TOP + 10, font_size=12))
    for level in levels:
        at = y_axis.at(level.x)
        parts.append(shape("line", "cut", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at))
        parts.append(shape("text", "faint", level.name, x=WIDTH - RIGHT, y=at - 5, font_size=12, text_anchor="end"))
    for group in dots:
        for x, y, size in zip(group.x, group.y, group.size):
            parts.append(shape("circle", _dot(group), cx=x_axis.at(x), cy=y_axis.at(y), r=size))
    if len(lines) + len(dots) > 1:
        parts += _legend(lines, dots)
    columns, rows = _table(lines, dots, x_name, persons, n_rows)
    return Figure(
        title=title, description=description, svg=picture(title, description, WIDTH, HEIGHT, parts),
        columns=columns, rows=rows,
    )  # fmt: skip


def _dot(group: Dots) -> str:
    return "dot hollow" if group.hollow else "dot second"


def _legend(lines: Sequence[Line], dots: Sequence[Dots]) -> list[Markup]:
    """What each curve and kind of dot is called, from the right edge to the left, above the frame."""
    parts: list[Markup] = []
    end = WIDTH - RIGHT
    entries: list[Line | Dots] = [*lines, *dots]
    for entry in reversed(entries):
        parts.append(shape("text", "faint", entry.name, x=end, y=TOP - 4, font_size=12, text_anchor="end"))
        end -= LETTER * len(entry.name) + 10
        if isinstance(entry, Line):
            tone = "line second" if entry.second else "line"
            parts.append(shape("line", tone, x1=end - 20, x2=end, y1=TOP - 8, y2=TOP - 8))
            end -= 34
        else:
            parts.append(shape("circle", _dot(entry), cx=end - 4, cy=TOP - 8, r=4))
            end -= 22
    return parts


def _table(
    lines: Sequence[Line], dots: Sequence[Dots], x_name: str, persons: str, n_rows: int
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Columns and rows: the curves at even steps, then every dot beside the curves at its place."""
    counted = any(group.n for group in dots)
    blank = ("",) * (len(dots) + counted)
    picked = range(0, len(lines[0].x), max(1, (len(lines[0].x) - 1) // (n_rows - 1)))
    rows = [(f"{lines[0].x[k]:.2f}", *(f"{line.y[k]:.3f}" for line in lines), *blank) for k in picked]
    for place, group in enumerate(dots):
        for at, (x, y) in enumerate(zip(group.x, group.y)):
            own = [f"{y:.3f}" if other == place else "" for other in range(len(dots))]
            n = [str(group.n[at]) if group.n else ""] if counted else []
            rows.append((f"{x:.2f}", *(f"{_height(line, x):.3f}" for line in lines), *own, *n))
    names = (*(line.name for line in lines), *(group.name for group in dots))
    return (x_name, *names, *((persons,) if counted else ())), tuple(rows)


def _height(line: Line, x: float) -> float:
    """The curve at x, straight between its points."""
    after = min(max(bisect_left(line.x, x), 1), len(line.x) - 1)
    left, right = line.x[after - 1], line.x[after]
    share = min(max((x - left) / (right - left), 0.0), 1.0) if right > left else 0.0
    return line.y[after - 1] + share * (line.y[after] - line.y[after - 1])


@dataclass(frozen=True, slots=True)
class Axis:
    """From values to places in the picture."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value lies."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values along the axis, three to six of them."""
        span = self.high - self.low
        if span <= 0:
            return [self.low]
        power = 10.0 ** floor(log10(span / 5))
        step = next(power * part for part in (1, 2, 2.5, 5, 10) if span / (power * part) <= 5.5)
        first = ceil(self.low / step - 1e-9)
        return [step * place for place in range(first, first + 8) if step * place <= self.high + 1e-9 * span]


def frame(x_axis: Axis, y_axis: Axis, x_name: str, y_name: str, *, end: float = WIDTH - RIGHT) -> list[Markup]:
    """Both axes with their ticks and names."""
    base = HEIGHT - BOTTOM
    parts = [shape("line", "axis", x1=LEFT, x2=end, y1=base, y2=base)]
    for tick in x_axis.ticks():
        parts.append(
            shape("text", "faint", f"{tick:g}", x=x_axis.at(tick), y=base + 18, font_size=13, text_anchor="middle")
        )
    for tick in y_axis.ticks():
        at = y_axis.at(tick)
        parts.append(shape("line", "grid", x1=LEFT, x2=end, y1=at, y2=at))
        parts.append(shape("text", "faint", f"{tick:.3g}", x=LEFT - 8, y=at + 4, font_size=13, text_anchor="end"))
    parts.append(shape("text", "", x_name, x=(LEFT + end) / 2, y=HEIGHT - 6, font_size=13, text_anchor="middle"))
    parts.append(shape("text", "", y_name, x=LEFT, y=TOP - 4, font_size=13))
    return parts


def curve(line: Line, x_axis: Axis, y_axis: Axis) -> list[Markup]:
    """A line, and the band around it."""
    tone = " second" if line.second else ""
    parts = []
    if line.low is not None and line.high is not None:
        there = [f"{x_axis.at(x):.1f},{y_axis.at(y):.1f}" for x, y in zip(line.x, line.high)]
        back = [f"{x_axis.at(x):.1f},{y_axis.at(y):.1f}" for x, y in zip(line.x, line.low)]
        parts.append(shape("polygon", f"band{tone}", points=" ".join([*there, *reversed(back)])))
    points = " ".join(f"{x_axis.at(x):.1f},{y_axis.at(y):.1f}" for x, y in zip(line.x, line.y))
    parts.append(shape("polyline", f"line{tone}", points=points))
    return parts
