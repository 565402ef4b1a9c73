"""What a better score costs."""

from __future__ import annotations

from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from priorbench.report.figures.canvas import new_figure, nothing_to_draw
from priorbench.report.figures.labels import label_points
from priorbench.report.figures.style import BASELINE, WIDTH, family_colours, label_plainly, styled
from priorbench.results.catalogue import Catalogue
from priorbench.results.statistics import restored_runs, summarise

COLUMNS = 2


@styled
def draw_cost(scores: pd.DataFrame, runs: pd.DataFrame, catalogue: Catalogue, metric: str) -> Figure:
    """Draw the mean of a metric against the mean wall-clock seconds an image, one panel for each data set and task.

    The line joins the priors that no other one beats in both. The observation is left out: it restores nothing.

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
    known = summary["prior"].isin(list(catalogue.priors)) & (summary["n"] > 0) & (summary["seconds"] > 0)
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
    figure = new_figure(WIDTH if columns > 1 else 0.6 * WIDTH, 2.5 * lines + 0.3)
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    colours = family_colours(catalogue.priors)
    labels = []
    for axes, (dataset, task) in zip(panels, cells, strict=False):
        own = points[(points["dataset"] == dataset) & (points["task"] == task)]
        axes.set_title(f"{dataset}: {catalogue.tasks[task]}")
        front = _front(own, spec.higher_is_better)
        axes.plot(front["seconds"], front["mean"], color="0.75", linewidth=1, zorder=1)
        for row in own.itertuples():
            face = "white" if row.n_failed else colours[str(row.prior)]
            axes.plot([row.seconds], [row.mean], "o", markersize=5, color=colours[str(row.prior)], markerfacecolor=face)
        _set_axes(axes, own)
        names = [catalogue.prior_label(prior) for prior in own["prior"]]
        labels.append((axes, list(zip(own["seconds"], own["mean"], names, strict=True)), front))
    for axes in panels[len(cells) :]:
        axes.set_visible(False)
    figure.supxlabel("seconds an image (hollow: some images failed)", fontsize=8)
    figure.supylabel(catalogue.metric_label(metric), fontsize=8)
    figure.get_layout_engine().execute(figure)  # type: ignore[union-attr]  # new_figure has set one
    figure.set_layout_engine("none")
    for axes, named, front in labels:
        label_points(axes, named, line=front[["seconds", "mean"]].to_numpy())
    return figure


def _set_axes(axes: Axes, points: pd.DataFrame) -> None:
    axes.set_xscale("log")
    low, high = np.log10(points["seconds"].min()), np.log10(points["seconds"].max())
    margin = max(0.25 * (high - low), 0.5)
    axes.set_xlim(10 ** (low - margin), 10 ** (high + margin))
    axes.margins(y=0.15)
    label_plainly(axes.xaxis)


def _front(points: pd.DataFrame, higher_is_better: bool | None) -> pd.DataFrame:
    """Return the points that no other one beats in time and score, fastest first; none where no score is best."""
    if higher_is_better is None:
        return points[:0]
    ordered = points.sort_values(["seconds", "mean"], ascending=[True, not higher_is_better])
    best = ordered["mean"].cummax() if higher_is_better else ordered["mean"].cummin()
    return ordered[(ordered["mean"] == best) & ~best.duplicated()]
