"""How all figures look, and how they are written."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from itertools import cycle
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib as mpl
import seaborn as sns
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from priorbench.files import write_atomically

P = ParamSpec("P")

WIDTH = 7.0
"""Width of a figure across both columns of a page, in inches."""

DPI = 180
BASELINE = "observed"
"""The prior that is drawn as a reference: the observation itself."""

GRAY = "0.45"
SHAPES = ("o", "s", "^", "D", "v", "P")
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


def label_plainly(axis: Axis) -> None:
    """Label a logarithmic axis with 0.5 and 20 instead of powers of ten; call it once all is drawn."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def family(prior: str) -> str:
    """Return what an id starts with: ``gmm`` for ``gmm-K50``."""
    return prior.split("-")[0]


@dataclass(frozen=True)
class Mark:
    """How a prior's points are drawn.

    Args:
        colour: red, green and blue from 0 to 1.
        shape: matplotlib's name of a marker.
    """

    colour: tuple[float, float, float] = (0.45, 0.45, 0.45)
    shape: str = "o"


def family_marks(priors: Iterable[str]) -> dict[str, Mark]:
    """Return a mark for each prior: one for each family, safe for the colour-blind, gray for the observation.

    Where there are more families than colours, the same colours come again with another shape. The mark depends
    on the order of the families only, so it is the same in all figures of an experiment.
    """
    priors = list(priors)
    families = [name for name in dict.fromkeys(map(family, priors)) if name != BASELINE]
    palette = [
        colour for colour in sns.color_palette("colorblind") if max(colour) - min(colour) > 0.1
    ]
    looks = (Mark(colour, shape) for shape in cycle(SHAPES) for colour in palette)
    marks = dict(zip(families, looks, strict=False))
    return {prior: marks.get(family(prior), Mark()) for prior in priors}
