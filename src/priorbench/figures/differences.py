"""How far each prior is from the best one, image by image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from priorbench.figures.canvas import nothing_to_draw
from priorbench.figures.dots import HOLLOW, Key, Row, draw_panels, legend_mark, without_mean
from priorbench.figures.marks import Mark
from priorbench.figures.style import WIDTH, styled
from priorbench.results.catalogue import Catalogue
from priorbench.results.statistics import BEST, paired_differences, summarise

NOT_COMPARED = "not compared"


@styled
def draw_differences(scores: pd.DataFrame, catalogue: Catalogue, metric: str) -> Figure:
    """Draw the paired differences to the best mean, with simultaneous 95 % intervals.

    Images differ more than priors do, so intervals of means overlap where the priors are clearly
    apart; pairing by image takes the difficulty of the images out. What would squeeze the rest is
    written at the edge.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`.
        catalogue: labels and order.
        metric: a name in ``catalogue.metrics``.
    """
    spec = catalogue.metrics[metric]
    if spec.higher_is_better is None:
        return nothing_to_draw(WIDTH, f"{catalogue.metric_label(metric)} has no best")
    summary = summarise(scores, {metric: spec})
    if not summary["n"].any():
        return nothing_to_draw(WIDTH)
    paired = paired_differences(scores, {metric: spec}).set_index(["dataset", "task", "prior"])
    differences = paired.to_dict("index")
    compared = paired.groupby(["dataset", "task"])["best"].first().to_dict()
    states = summary.set_index(["dataset", "task", "prior"]).to_dict("index")

    def row_of(cell: Key, mark: Mark) -> Row:
        dataset, task, prior = cell
        state, difference = states.get(cell), differences.get(cell)
        # A single prior is compared with none.
        best = state is not None and (
            compared.get((dataset, task)) == prior or state["mark"] == BEST
        )
        return _row(state, difference, mark, best)

    panels = draw_panels(summary, catalogue, metric, row_of, line=0)
    handles = [
        legend_mark("the best mean", marker="*", markersize=8),
        legend_mark("mean difference, simultaneous 95 % interval", linewidth=1.6),
    ]
    if any(row.failed for row in panels.rows):
        handles.append(legend_mark("some images failed", **HOLLOW))
    if any(row.words == NOT_COMPARED for row in panels.rows):
        handles.append(
            legend_mark(f"{NOT_COMPARED}: no image in common with the best mean", marker="")
        )
    label = f"{catalogue.metric_label(metric)}: difference to the best mean, paired by image"
    return panels.finish(label, handles)


def _row(
    state: Mapping[Any, Any] | None, difference: Mapping[Any, Any] | None, mark: Mark, best: bool
) -> Row:
    if state is None or not state["n"]:
        return without_mean(state, mark)
    if best:
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
