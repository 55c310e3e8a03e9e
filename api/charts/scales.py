"""Persons and items on one scale: the Wright map; what a test tells along it, with the error that is left."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from markupsafe import Markup

from api.charts.figure import Figure, picture, shape
from api.charts.lines import BOTTOM, HEIGHT, LEFT, TOP, Axis, Line, curve, frame

WIDTH = 640.0
RIGHT_AXIS = 52.0
BINS = np.linspace(-4.0, 4.0, 17)


def wright_map(
    title: str, description: str, person_density: Sequence[float], difficulties: Sequence[float], *,
    persons: str, items: str, scale: str,
) -> Figure:  # fmt: skip
    """Persons above the line, items below it, both in bins of half a logit.

    Args:
        person_density: share of persons in each of the 16 bins of [−4, 4], tails in the outer ones.
        difficulties: one value an item (mean of its steps for several categories).
    """
    counts = np.histogram(np.clip(difficulties, -3.99, 3.99), BINS)[0]
    density = np.asarray(person_density, dtype=float)
    middle, half = HEIGHT / 2 - 8, HEIGHT / 2 - 48
    axis = Axis(float(BINS[0]), float(BINS[-1]), LEFT, WIDTH - 16)
    parts: list[Markup] = [shape("line", "axis", x1=LEFT, x2=WIDTH - 16, y1=middle, y2=middle)]
    for place, (low, high) in enumerate(pairwise(BINS)):
        left, width = axis.at(float(low)) + 1, axis.at(float(high)) - axis.at(float(low)) - 2
        up = half * float(density[place]) / (float(density.max()) or 1.0)
        down = half * float(counts[place]) / (float(counts.max()) or 1.0)
        parts.append(shape("rect", "bar", x=left, y=middle - up, width=width, height=up))
        parts.append(shape("rect", "bar second", x=left, y=middle, width=width, height=down))
        if counts[place]:
            parts.append(
                shape("text", "faint", str(counts[place]), x=left + width / 2, y=middle + down + 13, font_size=11,
                      text_anchor="middle")
            )  # fmt: skip
    for tick in range(-4, 5, 2):
        parts.append(
            shape("text", "faint", f"{tick:g}", x=axis.at(tick), y=HEIGHT - 22, font_size=13, text_anchor="middle")
        )
    parts.append(shape("text", "", persons, x=0, y=TOP, font_size=13))
    parts.append(shape("text", "", items, x=0, y=HEIGHT - 38, font_size=13))
    parts.append(shape("text", "", scale, x=WIDTH / 2, y=HEIGHT - 4, font_size=13, text_anchor="middle"))
    rows = tuple(
        (f"{low:.1f} … {high:.1f}", f"{100 * share:.1f} %", str(count))
        for low, high, share, count in zip(BINS, BINS[1:], density, counts)
    )
    return Figure(
        title=title, description=description, svg=picture(title, description, WIDTH, HEIGHT, parts),
        columns=(scale, persons, items), rows=rows,
    )  # fmt: skip


def information_chart(
    title: str, description: str, theta: Sequence[float], information: Sequence[float], sem: Sequence[float], *,
    scale: str, information_name: str, sem_name: str, most_sem: float = 1.5,
) -> Figure:  # fmt: skip
    """Test information on the left axis, the standard error on the right one, cut off at `most_sem`."""
    left = Axis(0.0, max(information) or 1.0, HEIGHT - BOTTOM, TOP)
    right = Axis(0.0, most_sem, HEIGHT - BOTTOM, TOP)
    across = Axis(min(theta), max(theta), LEFT, WIDTH - RIGHT_AXIS)
    parts = frame(across, left, scale, information_name, end=WIDTH - RIGHT_AXIS)
    for tick in right.ticks():
        parts.append(
            shape("text", "faint", f"{tick:.3g}", x=WIDTH - RIGHT_AXIS + 8, y=right.at(tick) + 4, font_size=13)
        )
    parts.append(shape("text", "", sem_name, x=WIDTH - RIGHT_AXIS, y=TOP - 4, font_size=13, text_anchor="end"))
    parts += curve(Line(name=information_name, x=theta, y=information), across, left)
    kept = [(x, y) for x, y in zip(theta, sem) if y <= most_sem]
    if kept:
        xs, ys = zip(*kept)
        parts += curve(Line(name=sem_name, x=xs, y=ys, second=True), across, right)
    rows = tuple(
        (f"{theta[k]:.2f}", f"{information[k]:.3f}", f"{sem[k]:.3f}")
        for k in range(0, len(theta), max(1, (len(theta) - 1) // 16))
    )
    return Figure(
        title=title, description=description, svg=picture(title, description, WIDTH, HEIGHT, parts),
        columns=(scale, information_name, sem_name), rows=rows,
    )  # fmt: skip
