"""The figure of the study ``solver``."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from priorbench.figures.canvas import legend_above, new_figure, nothing_to_draw
from priorbench.figures.style import DARK, LINE, WIDTH, prior_marks, styled
from priorbench.results import Catalogue

from .variations import AS_RUN, FEWER, PLAIN, TWICE

MARKS = {AS_RUN: ("o", 6.0), FEWER: ("<", 4.5), TWICE: (">", 4.5), PLAIN: ("x", 4.5)}
"""Variation → marker and its size in points."""
PANELS_IN_A_ROW = 2


@styled
def draw(table: pd.DataFrame, catalogue: Catalogue) -> Figure:
    """Draw the means of each prior, the best above, in a panel for each data set and task.

    Args:
        table: rows of :func:`.study.summarise`.
        catalogue: labels and order.
    """
    if table.empty:
        return nothing_to_draw(WIDTH, "no restoration used a splitting")
    groups = list(table.groupby(["dataset", "task"], sort=False))
    lines = -(-len(groups) // PANELS_IN_A_ROW)
    columns = min(len(groups), PANELS_IN_A_ROW)
    rows = max(group["prior"].nunique() for _, group in groups)
    figure = new_figure(WIDTH, (0.7 + 0.17 * rows) * lines)
    panels = list(figure.subplots(lines, columns, squeeze=False).flat)
    marks = prior_marks(catalogue)
    for axes in panels:
        axes.set_visible(False)
    for axes, ((dataset, task), group) in zip(panels, groups, strict=False):
        axes.set_visible(True)
        axes.set_title(f"{dataset}, {catalogue.tasks.get(str(task), str(task))}")
        means = group.pivot(index="prior", columns="variation", values="psnr_db")
        means = means.sort_values(AS_RUN)
        for row, (prior, own) in enumerate(means.iterrows()):
            axes.plot([own.min(), own.max()], [row, row], color=LINE, linewidth=1, zorder=1)
            for variation, (marker, size) in MARKS.items():
                colour = marks[str(prior)].colour
                axes.plot(own[variation], row, marker, markersize=size, color=colour, mew=1.2)
        axes.set_yticks(
            range(len(means)), [catalogue.prior_label(str(prior)) for prior in means.index]
        )
        axes.set_xlabel("PSNR (dB)")
    handles = [
        Line2D([], [], color=DARK, linestyle="", marker=marker, markersize=size, label=variation)
        for variation, (marker, size) in MARKS.items()
    ]
    legend_above(figure, handles, most=len(handles))
    return figure
