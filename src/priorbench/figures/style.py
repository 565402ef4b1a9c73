"""How all figures look, and how they are written."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib as mpl
import seaborn as sns
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from priorbench.figures.marks import PALETTE, SHAPES, Colour, Mark, prior_marks
from priorbench.results.catalogue import family
from priorbench.store.files import write_atomically

__all__ = [
    "DARK",
    "GRAY",
    "LINE",
    "PALETTE",
    "SHAPES",
    "WIDTH",
    "Colour",
    "Mark",
    "family",
    "label_plainly",
    "prior_marks",
    "styled",
]

P = ParamSpec("P")

WIDTH = 7.0
"""Width of a figure across both columns of a page, in inches."""

DPI = 180
GRAY = "0.45"
"""Of text and marks that stand back; legible on white."""

DARK = "0.2"
"""Of marks in legends that stand for those of every prior."""

LINE = "0.55"
"""Of lines that join marks or lead to them."""

RC: Any = {
    **sns.axes_style("whitegrid"),
    **sns.plotting_context("paper"),
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "0.7",
    "axes.linewidth": 0.6,
    "grid.color": "0.9",
    "grid.linewidth": 0.6,
    "figure.facecolor": "white",
    "svg.hashsalt": "priorbench",
}


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Make ``draw`` work in the common style, and leave matplotlib's settings as they were."""

    @wraps(draw)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context(RC):
            return draw(*args, **kwargs)

    return wrapped


def save(figure: Figure, path: Path) -> None:
    """Write a figure as SVG and as PNG, atomically; the same figure gives the same bytes.

    Args:
        figure: what to write.
        path: the SVG; the PNG lies beside it.

    Raises:
        ValueError: ``path`` does not end in ``.svg``.
    """
    if path.suffix != ".svg":
        raise ValueError(f"a figure's path must end in .svg, not {path.name!r}")
    with mpl.rc_context(RC):
        for suffix, date in ((".svg", {"Date": None}), (".png", {"Software": None})):
            buffer = io.BytesIO()
            figure.savefig(buffer, format=suffix[1:], dpi=DPI, metadata=date)
            write_atomically(path.with_suffix(suffix), buffer.getvalue())


def label_plainly(axis: Axis, dense: float = 100) -> None:
    """Label a logarithmic axis with 0.5 and 20 instead of powers of ten; call it once all is drawn.

    Args:
        axis: the axis.
        dense: the ratio of its ends below which 2 and 5 have labels, too.
    """
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < dense * low else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
