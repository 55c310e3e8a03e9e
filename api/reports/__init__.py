"""Reports that go out as one file: HTML with its style and its charts inside, readable without a network."""

from api.reports.calibration import render_calibration
from api.reports.simulation import render_simulation

__all__ = ["render_calibration", "render_simulation"]
