"""The canvas that figures are drawn on."""

from __future__ import annotations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches, with a canvas of its own and automatic layout."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def nothing_to_draw(width: float) -> Figure:
    """Return a figure that says that there is no score."""
    figure = new_figure(width, 1.0)
    figure.text(0.5, 0.5, "no restoration has a score", ha="center", va="center", color="0.45")
    return figure
