"""What is shown where there is nothing to decide."""

from __future__ import annotations

from matplotlib.figure import Figure

from priorbench.report.figures.canvas import new_figure
from priorbench.report.figures.style import GRAY, WIDTH, styled


@styled
def no_figure(reason: str) -> Figure:
    """Return a figure that says why there is none."""
    figure = new_figure(WIDTH, 1.0)
    figure.text(0.5, 0.5, reason, ha="center", va="center", color=GRAY)
    return figure
