"""How an interval decides."""

from __future__ import annotations

from math import inf, isnan

from matplotlib.figure import Figure

from priorbench.report.figures.canvas import new_figure
from priorbench.report.figures.style import GRAY, WIDTH, styled


def inside(interval: tuple[float, float], low: float, high: float = inf) -> bool | None:
    """Return True if an interval lies between two bounds, False if it lies outside, None if it tells neither."""
    below, above = interval
    if isnan(below) or isnan(above):
        return None
    if above < low or below > high:
        return False
    return True if low < below and above < high else None


@styled
def no_figure(reason: str) -> Figure:
    """Return a figure that says why there is none."""
    figure = new_figure(WIDTH, 1.0)
    figure.text(0.5, 0.5, reason, ha="center", va="center", color=GRAY)
    return figure
