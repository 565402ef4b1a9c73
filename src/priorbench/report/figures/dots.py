"""Horizontal dots with intervals: priors as rows, tasks as columns, data sets as groups of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from priorbench.report.figures.canvas import new_figure
from priorbench.report.figures.style import GRAY, WIDTH, Mark
from priorbench.results.catalogue import Catalogue
from priorbench.results.statuses import UNDEFINED, UNSUPPORTED


def rank_priors(summary: pd.DataFrame, catalogue: Catalogue, metric: str) -> list[str]:
    """Return the priors from best to worst by their mean rank over data sets and tasks; without a score, last."""
    better = catalogue.metrics[metric].higher_is_better
    if better is None:
        return list(catalogue.priors)
    ranks = summary.groupby(["dataset", "task"])["mean"].rank(ascending=not better)
    mean_rank = ranks.groupby(summary["prior"]).mean().to_dict()
    order = {
        prior: (np.nan_to_num(mean_rank.get(prior, np.nan), nan=np.inf), i)
        for i, prior in enumerate(catalogue.priors)
    }
    return sorted(catalogue.priors, key=order.__getitem__)


def dot_grid(
    datasets: Sequence[str], priors: Sequence[str], catalogue: Catalogue
) -> tuple[Figure, np.ndarray]:
    """Return a figure with data sets × tasks panels that share the priors as rows."""
    height = len(datasets) * (0.17 * max(len(priors), 3) + 0.55) + 0.5
    width = max(WIDTH, 1.5 + 1.35 * len(catalogue.tasks))
    figure = new_figure(width, height)
    panels = figure.subplots(len(datasets), len(catalogue.tasks), sharey=True, squeeze=False)
    for row, dataset in enumerate(datasets):
        panels[row, 0].set_ylabel(dataset, fontweight="bold")
        for axes, task in zip(panels[row], catalogue.tasks.values(), strict=True):
            axes.set_title(task)
            axes.set_yticks(range(len(priors)), [catalogue.prior_label(prior) for prior in priors])
            axes.set_ylim(len(priors) - 0.4, -0.6)
            axes.tick_params(axis="y", length=0)
            axes.xaxis.set_major_locator(MaxNLocator(4, min_n_ticks=2))
    return figure, panels


def draw_row(axes: Axes, row: int, cell: Mapping[Any, Any] | None, mark: Mark) -> None:
    """Draw a mean with its interval; hollow if images failed, and in words if there is no mean."""
    if cell is None or cell["n"] == 0:
        status = UNSUPPORTED if cell is None else cell["status"]
        words = {UNSUPPORTED: "can't do this", UNDEFINED: "not defined"}
        text, shade = (words[status], "0.6") if status in words else (status, "#b02a2a")
        write_in_row(axes, row, text, shade)
        return
    if np.isfinite(cell["low"]):
        axes.plot(
            [cell["low"], cell["high"]],
            [row, row],
            color=mark.colour,
            linewidth=1.6,
            solid_capstyle="butt",
        )
    face = "white" if cell["n_failed"] else mark.colour
    axes.plot(
        [cell["mean"]],
        [row],
        mark.shape,
        markersize=4.2,
        color=mark.colour,
        markerfacecolor=face,
        zorder=3,
    )


def write_in_row(axes: Axes, row: int, text: str, colour: str = GRAY, right: bool = False) -> None:
    """Write a word at the left or right edge of a row."""
    axes.text(
        *(0.99 if right else 0.01, row, text),
        transform=axes.get_yaxis_transform(),
        va="center",
        ha="right" if right else "left",
        fontsize=6.5,
        color=colour,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
    )
