"""Small charts drawn on the server as SVG: each with a title, a description and the same numbers as rows of a table."""

from api.charts.bands import band
from api.charts.figure import Figure
from api.charts.heat import heat_chart
from api.charts.lines import Dots, Line, Mark, line_chart
from api.charts.scales import information_chart, wright_map

__all__ = ["Dots", "Figure", "Line", "Mark", "band", "heat_chart", "information_chart", "line_chart", "wright_map"]
