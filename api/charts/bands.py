"""A value between 0 and 100 with the band it may lie in, and the mark it is held against."""

from markupsafe import Markup

from api.charts.figure import picture, shape

WIDTH, HEIGHT = 100.0, 10.0


def band(
    title: str, description: str, value: float, low: float, high: float, cut: float, *,
    second: bool = False, unsure: bool = False,
) -> Markup:  # fmt: skip
    """One strip that stretches to the width it is given; all numbers in percent. `unsure` is grey."""
    tone = " unsure" if unsure else " second" if second else ""
    left, right = max(low, 0.0), min(high, 100.0)
    parts = [
        shape("rect", "track", x=0, y=3, width=WIDTH, height=4, rx=1),
        shape("rect", f"band{tone}", x=left, y=1.5, width=max(right - left, 0.5), height=7),
        shape("rect", f"mark{tone}", x=min(max(value, 0.4), 99.6) - 0.4, y=0.5, width=0.8, height=9),
        shape("line", "cut", x1=cut, x2=cut, y1=0, y2=HEIGHT, vector_effect="non-scaling-stroke"),
    ]
    return picture(title, description, WIDTH, HEIGHT, parts, stretch=True)
