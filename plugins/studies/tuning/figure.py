"""The figure of the study ``tuning``."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from priorbench.figures.canvas import legend_above, new_figure, nothing_to_draw
from priorbench.figures.style import DARK, LINE, WIDTH, prior_marks, styled
from priorbench.results import Catalogue

PANELS_IN_A_ROW = 2
CHOICES = {
    "default_psnr_db": ("o", 6.0, "white", "default"),
    "tuned_psnr_db": ("o", 6.0, None, "tuned on training images"),
    "oracle_psnr_db": ("|", 11.0, None, "oracle, not ranked"),
}
"""Column → marker, its size in points, its face if it is not that of the prior, and words."""


@styled
def draw(table: pd.DataFrame, catalogue: Catalogue) -> Figure:
    """Draw the means of each prior, the best above, in a panel for each data set and task.

    Args:
        table: rows of :func:`.study.summarise`.
        catalogue: labels and order.
    """
    if table.empty:
        return nothing_to_draw(WIDTH, "no parameter of a prior was tuned")
    groups = list(table.groupby(["dataset", "task"], sort=False))
    lines, columns = -(-len(groups) // PANELS_IN_A_ROW), min(len(groups), PANELS_IN_A_ROW)
    rows = max(len(group) for _, group in groups)
    figure = new_figure(WIDTH, (0.8 + 0.2 * rows) * lines)
    panels = list(figure.subplots(lines, columns, squeeze=False).flat)
    marks = prior_marks(catalogue)
    for axes in panels[len(groups) :]:
        axes.set_visible(False)
    for axes, ((dataset, task), group) in zip(panels, groups, strict=False):
        axes.set_title(f"{dataset}, {catalogue.tasks.get(str(task), str(task))}")
        ordered = group.sort_values("tuned_psnr_db").to_dict("records")
        for height, row in enumerate(ordered):
            colour = marks[row["prior"]].colour
            ends = [row[column] for column in CHOICES]
            axes.plot([min(ends), max(ends)], [height, height], color=LINE, linewidth=1, zorder=1)
            for column, (marker, size, face, _) in CHOICES.items():
                axes.plot(
                    row[column],
                    height,
                    marker,
                    color=colour,
                    markersize=size,
                    markerfacecolor=face or colour,
                )
        axes.set_yticks(range(len(ordered)), [row["label"] for row in ordered])
        axes.set_ylim(-0.6, len(ordered) - 0.4)
        axes.set_xlabel("mean PSNR (dB)")
    handles = [
        Line2D(
            [],
            [],
            color=DARK,
            linestyle="",
            marker=marker,
            markersize=size,
            markerfacecolor=face or DARK,
            label=words,
        )
        for marker, size, face, words in CHOICES.values()
    ]
    legend_above(figure, handles, most=len(handles))
    return figure
