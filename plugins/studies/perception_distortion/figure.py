"""The figure of the study ``perception-distortion``."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from priorbench.figures.canvas import legend_above, new_figure, nothing_to_draw
from priorbench.figures.style import DARK, WIDTH, prior_marks, styled
from priorbench.results import Catalogue

from .measure import ESTIMATE, MEAN, SAMPLE

PANELS_IN_A_ROW = 2
HEIGHT = 3.0
MARKERS = {ESTIMATE: "o", MEAN: "s", SAMPLE: "^"}


@styled
def draw(table: pd.DataFrame, catalogue: Catalogue) -> Figure:
    """Draw the distance of patches against the PSNR, in a panel for each data set and task.

    Args:
        table: rows of :func:`.study.summarise`.
        catalogue: labels and order.
    """
    if table.empty:
        return nothing_to_draw(WIDTH, "no image of at least 64 pixels a side was restored")
    groups = list(table.groupby(["dataset", "task"], sort=False))
    lines, columns = -(-len(groups) // PANELS_IN_A_ROW), min(len(groups), PANELS_IN_A_ROW)
    figure = new_figure(WIDTH, HEIGHT * lines)
    panels = list(figure.subplots(lines, columns, squeeze=False).flat)
    marks = prior_marks(catalogue)
    for axes in panels[len(groups) :]:
        axes.set_visible(False)
    for axes, ((dataset, task), group) in zip(panels, groups, strict=False):
        axes.set_title(f"{dataset}, {catalogue.tasks.get(str(task), str(task))}")
        for prior, own in group.groupby("prior", sort=False):
            _draw_prior(axes, own.set_index("kind"), marks[str(prior)].colour)
        axes.set_yscale("log")
        for ticks in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
            ticks("{x:g}")
        axes.set(xlabel="PSNR (dB)", ylabel="distance of patches (gray levels)")
    shown = list(dict.fromkeys(table["prior"]))
    handles = [
        Line2D([], [], color=marks[prior].colour, linewidth=3, label=catalogue.prior_label(prior))
        for prior in shown
    ]
    handles += [
        Line2D([], [], color=DARK, linestyle="", marker=marker, label=kind)
        for kind, marker in MARKERS.items()
    ]
    legend_above(figure, handles, most=5)
    return figure


def _draw_prior(axes: Axes, own: pd.DataFrame, colour: Any) -> None:
    """Draw the points of one prior, and a line from its estimate to its samples."""
    places = own[["psnr_db", "patch_distance_gray_levels"]]
    if SAMPLE in own.index:
        ends = places.loc[[ESTIMATE, SAMPLE]]
        axes.plot(*ends.T.to_numpy(), color=colour, linewidth=1, alpha=0.6, zorder=1)
    for kind, marker in MARKERS.items():
        if kind in own.index:
            axes.plot(*places.loc[kind], marker, color=colour, markersize=6)
