"""What a better score costs."""

from __future__ import annotations

from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from priorbench.figures.canvas import legend_above, new_figure, nothing_to_draw
from priorbench.figures.dots import HOLLOW, legend_mark, span
from priorbench.figures.labels import label_points
from priorbench.figures.marks import prior_marks
from priorbench.figures.style import LINE, WIDTH, label_plainly, styled
from priorbench.results.catalogue import Catalogue
from priorbench.results.costs import Device, restoration_costs
from priorbench.results.statistics import summarise

FEW, SHORT, LONG = 8, 24, 48
"""Priors and letters in a name up to which two panels share a line; most letters of a name."""


@styled
def draw_cost(
    scores: pd.DataFrame, runs: pd.DataFrame, catalogue: Catalogue, metric: str
) -> Figure:
    """Draw the mean of a metric against the mean cost of an image.

    The cost is in seconds of processors, or by the clock of what is computed on a GPU, see
    :func:`priorbench.results.costs.restoration_costs`. Training is not part of it. There is one
    panel for each data set and task.

    Each point has its prior's name. The line is the Pareto front: it joins the priors that no other
    one beats in both, of those that restored every image; seconds of processors and of a GPU are
    not compared, so each has a line. What would squeeze the rest lies at the edge, with an arrow
    and its score. Baselines are left out where there are other priors: they restore nothing.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`.
        runs: rows of :data:`priorbench.results.schema.RUNS`.
        catalogue: labels and order.
        metric: a name in ``catalogue.metrics``.
    """
    spec = catalogue.metrics[metric]
    summary = summarise(scores, {metric: spec})
    cell = ["dataset", "task", "prior"]
    done = restoration_costs(runs).sort_values("image")
    costs = done.groupby([*cell, "device"], as_index=False)["cost"].mean()
    summary = summary.merge(costs, on=cell)
    priors = [prior for prior in catalogue.priors if prior not in catalogue.baselines]
    points = summary[
        summary["prior"].isin(priors or list(catalogue.priors))
        & (summary["n"] > 0)
        & (summary["cost"] > 0)
    ]
    cells = [
        (dataset, task)
        for dataset in catalogue.datasets
        for task in catalogue.tasks
        if ((points["dataset"] == dataset) & (points["task"] == task)).any()
    ]
    if not cells:
        return nothing_to_draw(WIDTH)
    names = {
        prior: _shortened(catalogue.prior_label(prior)) for prior in dict.fromkeys(points["prior"])
    }
    is_wide = len(names) > FEW or max(map(len, names.values())) > SHORT
    columns = 1 if is_wide else min(2, len(cells))
    lines = ceil(len(cells) / columns)
    figure = new_figure(WIDTH, 2.6 * lines + 0.3)
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    marks = prior_marks(catalogue)
    devices = set(points["device"])
    labels = []
    beyond = False
    for axes, (dataset, task) in zip(panels, cells, strict=False):
        own = points[(points["dataset"] == dataset) & (points["task"] == task)]
        axes.set_title(f"{dataset}: {catalogue.tasks[task]}")
        low, high = _set_axes(axes, own)
        # The mean of a prior that failed on some images is not over the same images.
        complete = own[own["n_failed"] == 0]
        fronts = [
            _front(alike, spec.higher_is_better)[["cost", "mean"]].to_numpy()
            for _, alike in complete.groupby("device")
        ]
        for front in fronts:
            axes.plot(*front.T, color=LINE, linewidth=1, zorder=1)
        named = []
        for row in own.to_dict("records"):
            mark, name = marks[row["prior"]], names[row["prior"]]
            if len(devices) > 1 and row["device"] == Device.GPU:
                name = f"{name} (GPU)"
            height = float(np.clip(row["mean"], low, high))
            if height != row["mean"]:
                beyond = True
                arrow = "▾" if height == low else "▴"
                name = f"{name} {arrow} {row['mean']:.{spec.decimals}f}"
            axes.plot(
                [row["cost"]],
                [height],
                mark.shape,
                markersize=5,
                color=mark.colour,
                markerfacecolor="white" if row["n_failed"] else mark.colour,
                clip_on=False,
            )
            named.append((row["cost"], height, name))
        labels.append((axes, named, np.concatenate([np.empty((0, 2)), *fronts])))
    for axes in panels[len(cells) :]:
        axes.set_visible(False)
    figure.supxlabel(f"{_seconds(devices)}, without training", fontsize=8)
    figure.supylabel(catalogue.metric_label(metric), fontsize=8)
    handles = []
    if spec.higher_is_better is not None:
        words = "Pareto front: no prior is both cheaper and better"
        if len(devices) > 1:
            words = "Pareto fronts of processors and GPU: no prior is both cheaper and better"
        handles.append(legend_mark(words, marker="", linewidth=1, color=LINE))
    if points["n_failed"].any():
        handles.append(legend_mark("some images failed", **HOLLOW))
    if beyond:
        handles.append(legend_mark("▾ ▴ beyond the axis", marker=""))
    if handles:
        legend_above(figure, handles, len(handles))
    figure.get_layout_engine().execute(figure)  # type: ignore[union-attr]  # new_figure has set one
    figure.set_layout_engine("none")
    for axes, named, line in labels:
        label_points(axes, named, line=line)
    return figure


def _seconds(devices: set[str]) -> str:
    """Return what the costs on these devices are."""
    if devices == {Device.CPU}:
        return "processor seconds per image"
    if devices == {Device.GPU}:
        return "seconds per image on a GPU"
    return "processor seconds per image, or seconds on a GPU where it says so"


def _shortened(name: str) -> str:
    return name if len(name) <= LONG else name[: LONG - 1].rstrip() + "…"


def _set_axes(axes: Axes, points: pd.DataFrame) -> tuple[float, float]:
    """Set the limits, and return those of the score."""
    axes.set_xscale("log")
    low, high = np.log10(points["cost"].min()), np.log10(points["cost"].max())
    margin = max(0.1 * (high - low), 0.2)
    axes.set_xlim(10 ** (low - margin), 10 ** (high + margin))
    label_plainly(axes.xaxis, dense=1000)
    limits = span(points["mean"])
    axes.set_ylim(limits)
    return limits


def _front(points: pd.DataFrame, higher_is_better: bool | None) -> pd.DataFrame:
    """Return the points that no other one beats in cost and score, cheapest first."""
    if higher_is_better is None:
        return points[:0]
    ordered = points.sort_values(["cost", "mean"], ascending=[True, not higher_is_better])
    best = ordered["mean"].cummax() if higher_is_better else ordered["mean"].cummin()
    return ordered[(ordered["mean"] == best) & ~best.duplicated()]
