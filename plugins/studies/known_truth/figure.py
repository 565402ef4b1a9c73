"""The figure of the study ``known-truth``."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from priorbench.figures.canvas import new_figure, nothing_to_draw
from priorbench.figures.style import DARK, LINE, WIDTH, prior_marks, styled
from priorbench.results import Catalogue

NOMINAL = 0.9
LINEAR_UP_TO = 0.1
"""Gap in dB up to which its axis is linear; it is logarithmic above."""


@styled
def draw(table: pd.DataFrame, catalogue: Catalogue) -> Figure:
    """Draw gaps and coverages, one row of two panels for each data set and task.

    Args:
        table: rows of :func:`.study.summarise`.
        catalogue: labels and order.
    """
    if table.empty:
        return nothing_to_draw(WIDTH, "no image of a known law was restored")
    groups = list(table.groupby(["dataset", "task"], sort=False))
    most = max(len(group) for _, group in groups)
    figure = new_figure(WIDTH, (0.9 + 0.19 * most) * len(groups))
    panels = figure.subplots(len(groups), 2, squeeze=False, sharey="row")
    marks = prior_marks(catalogue)
    for (gaps, coverages), ((dataset, task), group) in zip(panels, groups, strict=True):
        gaps.set_title(f"{dataset}, {catalogue.tasks.get(str(task), str(task))}")
        rows = group.iloc[::-1].to_dict("records")
        for height, row in enumerate(rows):
            colour = marks[row["prior"]].colour
            gap = row["gap_db"], row["gap_low_db"], row["gap_high_db"]
            coverage = row["coverage"], row["coverage_low"], row["coverage_high"]
            _draw_interval(gaps, gap, height, colour)
            _draw_interval(coverages, coverage, height, colour)
        gaps.set_yticks(range(len(rows)), [row["label"] for row in rows])
        gaps.set_ylim(-0.6, len(rows) - 0.4)
        gaps.set_xscale("symlog", linthresh=LINEAR_UP_TO)
        gaps.xaxis.set_major_formatter("{x:g}")
        gaps.axvline(0, color=LINE, linewidth=1, zorder=0)
        gaps.set_xlabel("PSNR below the exact posterior mean (dB)")
        coverages.axvline(NOMINAL, color=DARK, linewidth=1, linestyle="--", zorder=0)
        coverages.set_xlim(0, 1.02)
        coverages.set_xlabel("pixels within their intervals of 90 %")
    return figure


def _draw_interval(
    axes: Axes, numbers: tuple[float, float, float], height: int, colour: Any
) -> None:
    """Draw a mean with its interval, if there are any.

    Args:
        axes: the panel.
        numbers: the mean and the ends of its interval.
        height: of the row.
        colour: of the prior.
    """
    value, low, high = numbers
    if math.isnan(value):
        return
    # The farthest may lie on the edge of the panel.
    axes.plot(value, height, "o", color=colour, markersize=5, clip_on=False)
    if not math.isnan(low):
        axes.plot([low, high], [height, height], color=colour, linewidth=1.5)
