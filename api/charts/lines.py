"""Curves over an axis, with bands and vertical marks: item characteristic, information, standard error."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup

from api.charts.figure import Figure, picture, shape

WIDTH, HEIGHT = 640.0, 320.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 16.0, 16.0, 44.0


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
    """Observed points; `size` is their radius, for instance by how many persons stand behind each."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    size: Sequence[float]


def line_chart(
    title: str, description: str, lines: Sequence[Line], x_name: str, y_name: str, *,
    marks: Sequence[Mark] = (), levels: Sequence[Mark] = (), dots: Sequence[Dots] = (),
    y_range: tuple[float, float] | None = None, n_rows: int = 13,
) -> Figure:  # fmt: skip
    """The curves on common axes; the table holds every curve at up to `n_rows` values of the first one's x.

    `levels` are marks across, at a value of y; observed `dots` follow the curves in the table, by their own x.
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
            parts.append(shape("circle", "dot second", cx=x_axis.at(x), cy=y_axis.at(y), r=size))
    picked = range(0, len(lines[0].x), max(1, (len(lines[0].x) - 1) // (n_rows - 1)))
    rows = tuple((f"{lines[0].x[k]:.2f}", *(f"{line.y[k]:.3f}" for line in lines)) for k in picked)
    blank = ("",) * len(lines)
    for place, group in enumerate(dots):
        own = [""] * len(dots)
        for x, y in zip(group.x, group.y):
            own[place] = f"{y:.3f}"
            rows += ((f"{x:.2f}", *blank, *own),)
    return Figure(
        title=title, description=description, svg=picture(title, description, WIDTH, HEIGHT, parts),
        columns=(x_name, *(line.name for line in lines), *(group.name for group in dots)),
        rows=tuple((*row, *("",) * (1 + len(lines) + len(dots) - len(row))) for row in rows),
    )  # fmt: skip


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
