"""The figure of the study ``bounds``."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from priorbench.figures.canvas import legend_above, new_figure, nothing_to_draw
from priorbench.figures.style import DARK, GRAY, PALETTE, WIDTH, styled
from priorbench.studies.tables import select

from .tables import CLAIRVOYANT, PRIOR, WINDOW, WITH_NEIGHBOURS

PANELS_IN_A_ROW = 2
HEIGHT = 2.5
BOUNDS = {
    "at_most_psnr_db": ("v", "bound on estimates from the window"),
    "reached_psnr_db": ("^", "reached from the window"),
}
"""Column → marker and words."""


@styled
def draw(table: pd.DataFrame) -> Figure:
    """Draw the bounds over the side of the window, in a panel for each data set and noise level.

    Args:
        table: rows of :func:`.tables.summarise`.
    """
    if table.empty:
        return nothing_to_draw(WIDTH, "no Gaussian denoising task")
    groups = list(table.groupby(["dataset", "task", "sigma_255"], sort=False))
    lines, columns = -(-len(groups) // PANELS_IN_A_ROW), min(len(groups), PANELS_IN_A_ROW)
    figure = new_figure(WIDTH, HEIGHT * lines)
    panels = list(figure.subplots(lines, columns, squeeze=False).flat)
    for axes in panels[len(groups) :]:
        axes.set_visible(False)
    for axes, ((dataset, _, sigma), group) in zip(panels, groups, strict=False):
        axes.set_title(f"{dataset}, σ = {sigma:g}")
        _draw_bounds(axes, group)
    legend_above(figure, _handles(), most=4)
    return figure


def _draw_bounds(axes: Axes, group: pd.DataFrame) -> None:
    windows = select(group, what=WINDOW)
    for (column, (marker, _)), colour in zip(BOUNDS.items(), PALETTE, strict=False):
        axes.plot(windows["side"], windows[column], color=colour, linewidth=1.2)
        for _, row in windows.iterrows():
            face = colour if row["share_with_neighbours"] >= WITH_NEIGHBOURS else "white"
            axes.plot(
                row["side"], row[column], marker, color=colour, markerfacecolor=face, markersize=6
            )
    for what, style in ((PRIOR, "-"), (CLAIRVOYANT, "--")):
        for _, row in select(group, what=what).iterrows():
            axes.axhline(row["reached_psnr_db"], color=DARK, linestyle=style, linewidth=1)
            if what == PRIOR:
                _name(axes, row["label"], row["reached_psnr_db"])
    axes.margins(0.08)
    axes.set_xticks(windows["side"])
    axes.set(xlabel="side of the window (pixels)", ylabel="PSNR (dB)")


def _name(axes: Axes, label: str, height: float) -> None:
    """Write the name of a prior on its line, at the left, where the bounds are far below."""
    axes.annotate(
        label,
        (0, height),
        xycoords=axes.get_yaxis_transform(),
        xytext=(3, 2),
        textcoords="offset points",
        ha="left",
        va="bottom",
        fontsize=7,
        color=GRAY,
    )


def _handles() -> list[Line2D]:
    bounds = [
        Line2D([], [], color=colour, marker=marker, label=words)
        for (marker, words), colour in zip(BOUNDS.values(), PALETTE, strict=False)
    ]
    return [
        *bounds,
        Line2D([], [], color=DARK, label="best prior"),
        Line2D([], [], color=DARK, linestyle="--", label="clairvoyant Wiener filter"),
    ]
