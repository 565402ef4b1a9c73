"""What a better score costs."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from priorbench.report.figures.canvas import new_figure, nothing_to_draw
from priorbench.report.figures.dots import rank_priors
from priorbench.report.figures.labels import label_points
from priorbench.report.figures.style import (
    BASELINE,
    WIDTH,
    Mark,
    family_marks,
    label_plainly,
    styled,
)
from priorbench.results.catalogue import Catalogue
from priorbench.results.statistics import restored_runs, summarise

COLUMNS, NAMES = 2, 4
"""Columns of panels, and at most of names above them."""

LEGEND: Any = {"frameon": False, "columnspacing": 1.2, "handletextpad": 0.3}


@styled
def draw_cost(
    scores: pd.DataFrame, runs: pd.DataFrame, catalogue: Catalogue, metric: str
) -> Figure:
    """Draw the mean of a metric against the mean wall-clock seconds an image, one panel for each data set and task.

    The line joins the priors that no other one beats in both. Points have numbers, which stand beside the names above,
    from the best mean rank on: names would cover each other. The observation is left out: it restores nothing.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`.
        runs: rows of :data:`priorbench.results.schema.RUNS`.
        catalogue: labels and order.
        metric: a name in ``catalogue.metrics``.
    """
    spec = catalogue.metrics[metric]
    summary = summarise(scores, {metric: spec})
    done = restored_runs(runs).sort_values("image")
    seconds = done.groupby(["dataset", "task", "prior"])["seconds"].mean()
    summary = summary.join(seconds, on=["dataset", "task", "prior"])
    known = (
        summary["prior"].isin(list(catalogue.priors))
        & (summary["n"] > 0)
        & (summary["seconds"] > 0)
    )
    points = summary[known & ((summary["prior"] != BASELINE) | (len(catalogue.priors) == 1))]
    cells = [
        (dataset, task)
        for dataset in catalogue.datasets
        for task in catalogue.tasks
        if ((points["dataset"] == dataset) & (points["task"] == task)).any()
    ]
    if not cells:
        return nothing_to_draw(WIDTH)
    columns = min(COLUMNS, len(cells))
    lines = ceil(len(cells) / columns)
    drawn = set(points["prior"])
    ranked = [prior for prior in rank_priors(summary, catalogue, metric) if prior in drawn]
    numbers = {prior: number for number, prior in enumerate(ranked, start=1)}
    figure = new_figure(WIDTH, 2.5 * lines + 0.3)
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    marks = family_marks(catalogue.priors)
    labels = []
    for axes, (dataset, task) in zip(panels, cells, strict=False):
        own = points[(points["dataset"] == dataset) & (points["task"] == task)]
        axes.set_title(f"{dataset}: {catalogue.tasks[task]}")
        front = _front(own, spec.higher_is_better)
        axes.plot(front["seconds"], front["mean"], color="0.75", linewidth=1, zorder=1)
        for row in own.itertuples():
            colour, shape = marks[str(row.prior)].colour, marks[str(row.prior)].shape
            face = "white" if row.n_failed else colour
            axes.plot(
                [row.seconds], [row.mean], shape, markersize=5, color=colour, markerfacecolor=face
            )
        _set_axes(axes, own)
        names = [str(numbers[prior]) for prior in own["prior"]]
        labels.append((axes, list(zip(own["seconds"], own["mean"], names, strict=True)), front))
    for axes in panels[len(cells) :]:
        axes.set_visible(False)
    figure.supxlabel("seconds an image (hollow: some images failed)", fontsize=8)
    figure.supylabel(catalogue.metric_label(metric), fontsize=8)
    handles = [
        _handle(marks[prior], number, catalogue.prior_label(prior))
        for prior, number in numbers.items()
    ]
    _write_names(figure, handles)
    figure.get_layout_engine().execute(figure)  # type: ignore[union-attr]  # new_figure has set one
    figure.set_layout_engine("none")
    for axes, named, front in labels:
        label_points(axes, named, line=front[["seconds", "mean"]].to_numpy())
    return figure


def _write_names(figure: Figure, handles: Sequence[Line2D]) -> None:
    """Write the names above the panels, in as many columns as fit, and make the figure higher by their height."""
    for columns in range(NAMES, 0, -1):
        legend = figure.legend(handles=handles, loc="outside upper center", ncols=columns, **LEGEND)
        extent = legend.get_window_extent()
        if extent.width <= figure.bbox.width or columns == 1:
            break
        legend.remove()
    figure.set_figheight(figure.get_figheight() + extent.height / figure.dpi)


def _handle(mark: Mark, number: int, label: str) -> Line2D:
    # Filled up with a space as wide as a digit.
    words = f"{number:\u2007>2}  {label}"
    return Line2D(
        [], [], color=mark.colour, marker=mark.shape, markersize=5, linewidth=0, label=words
    )


def _set_axes(axes: Axes, points: pd.DataFrame) -> None:
    axes.set_xscale("log")
    low, high = np.log10(points["seconds"].min()), np.log10(points["seconds"].max())
    margin = max(0.1 * (high - low), 0.2)
    axes.set_xlim(10 ** (low - margin), 10 ** (high + margin))
    axes.margins(y=0.1)
    label_plainly(axes.xaxis)


def _front(points: pd.DataFrame, higher_is_better: bool | None) -> pd.DataFrame:
    """Return the points that no other one beats in time and score, fastest first; none where no score is best."""
    if higher_is_better is None:
        return points[:0]
    ordered = points.sort_values(["seconds", "mean"], ascending=[True, not higher_is_better])
    best = ordered["mean"].cummax() if higher_is_better else ordered["mean"].cummin()
    return ordered[(ordered["mean"] == best) & ~best.duplicated()]
