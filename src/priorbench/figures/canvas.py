"""The canvas that figures are drawn on."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from priorbench.figures.style import GRAY, styled

__all__ = ["ShownFigure", "legend_above", "new_figure", "nothing_to_draw", "say_in"]

SCREEN_DPI = 110
"""Of figures in notebooks, which are seven inches wide."""

LEGEND: Any = {"frameon": False, "columnspacing": 1.4, "handletextpad": 0.4}


class ShownFigure(Figure):
    """A figure that a notebook shows at the end of a cell, without pyplot."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=SCREEN_DPI)
        return buffer.getvalue()


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches, with a canvas and automatic layout."""
    figure = ShownFigure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


@styled
def nothing_to_draw(width: float, reason: str = "no restoration has a score") -> Figure:
    """Return a figure that says why there is nothing in it."""
    figure = new_figure(width, 1.0)
    figure.text(0.5, 0.5, reason, ha="center", va="center", color=GRAY)
    return figure


def legend_above(figure: Figure, handles: Sequence[Artist], most: int) -> None:
    """Write a legend above all panels and make the figure higher by its height.

    Args:
        figure: with its panels drawn.
        handles: what is explained.
        most: columns, at most; fewer where they would be wider than the figure.
    """
    for columns in range(min(most, len(handles)), 0, -1):
        legend = figure.legend(handles=handles, loc="outside upper center", ncols=columns, **LEGEND)
        extent = legend.get_window_extent()
        if extent.width <= figure.bbox.width or columns == 1:
            break
        legend.remove()
    figure.set_figheight(figure.get_figheight() + extent.height / figure.dpi)


def say_in(axes: Axes, reason: str) -> None:
    """Write in the middle of a panel why there is nothing in it."""
    axes.text(0.5, 0.5, reason, transform=axes.transAxes, ha="center", color=GRAY)
