"""Small charts drawn on the server as SVG: each with a title, a description and the same numbers as rows of a table."""

from api.charts.bands import band
from api.charts.figure import Figure
from api.charts.lines import Line, Mark, line_chart

__all__ = ["Figure", "Line", "Mark", "band", "line_chart"]
