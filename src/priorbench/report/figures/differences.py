"""How far each prior is from the best one, image by image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from priorbench.report.figures.canvas import legend_above, nothing_to_draw
from priorbench.report.figures.dots import (
    BEYOND,
    HOLLOW,
    Row,
    dot_grid,
    draw_rows,
    legend_mark,
    rank_priors,
    without_mean,
)
from priorbench.report.figures.style import DARK, WIDTH, Mark, prior_marks, styled
from priorbench.results.catalogue import Catalogue
from priorbench.results.statistics import paired_differences, summarise

NOT_COMPARED = "not compared"


@styled
def draw_differences(scores: pd.DataFrame, catalogue: Catalogue, metric: str) -> Figure:
    """Draw the paired differences to the best prior, with simultaneous 95 % intervals.

    Images differ more than priors do, so intervals of means overlap where the priors are clearly apart; pairing by
    image takes the difficulty of the images out. What would squeeze the rest is written at the edge.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`.
        catalogue: labels and order.
        metric: a name in ``catalogue.metrics``.
    """
    spec = catalogue.metrics[metric]
    if spec.higher_is_better is None:
        return nothing_to_draw(WIDTH, f"{catalogue.metric_label(metric)} has no best")
    records = {metric: spec}
    summary = summarise(scores, records)
    if not summary["n"].any():
        return nothing_to_draw(WIDTH)
    paired = paired_differences(scores, records).set_index(["dataset", "task", "prior"])
    differences = paired.to_dict("index")
    states = summary.set_index(["dataset", "task", "prior"]).to_dict("index")
    datasets = [dataset for dataset in catalogue.datasets if dataset in set(summary["dataset"])]
    priors = rank_priors(summary, catalogue, metric)
    marks = prior_marks(catalogue)
    figure, panels = dot_grid(datasets, priors, catalogue)
    beyond = False
    drawn = []
    for dataset, line in zip(datasets, panels, strict=True):
        for task, axes in zip(catalogue.tasks, line, strict=True):
            keys = [(dataset, task, prior) for prior in priors]
            rows = [_row(states.get(key), differences.get(key), marks[key[2]]) for key in keys]
            axes.axvline(0, color=DARK, linewidth=0.8, zorder=1)
            beyond |= draw_rows(axes, rows, spec.decimals)
            drawn += rows
    figure.supxlabel(
        f"{catalogue.metric_label(metric)}: difference to the best prior, paired by image",
        fontsize=8,
    )
    handles = [
        legend_mark("the best", marker="*", markersize=8),
        legend_mark("mean difference, simultaneous 95 % interval", linewidth=1.6),
    ]
    if any(row.failed for row in drawn):
        handles.append(legend_mark("some images failed", **HOLLOW))
    if any(row.words == NOT_COMPARED for row in drawn):
        handles.append(legend_mark(f"{NOT_COMPARED}: no image in common with the best", marker=""))
    if beyond:
        handles.append(legend_mark(BEYOND, marker=""))
    legend_above(figure, handles, len(handles))
    return figure


def _row(state: Mapping[Any, Any] | None, difference: Mapping[Any, Any] | None, mark: Mark) -> Row:
    if state is None or not state["n"]:
        return without_mean(state, mark)
    if state["mark"] == "best":
        return Row(mark=mark, mean=0.0, best=True)
    if difference is None:
        return Row(mark=mark, words=NOT_COMPARED)
    return Row(
        mark=mark,
        mean=difference["difference"],
        low=difference["low"],
        high=difference["high"],
        failed=state["n_failed"] > 0,
    )
