"""A metric by prior and task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from priorbench.figures.canvas import nothing_to_draw
from priorbench.figures.dots import HOLLOW, Key, Row, draw_panels, legend_mark, without_mean
from priorbench.figures.marks import Mark
from priorbench.figures.style import WIDTH, styled
from priorbench.results.catalogue import Catalogue
from priorbench.results.statistics import summarise


@styled
def draw_scores(scores: pd.DataFrame, catalogue: Catalogue, metric: str) -> Figure:
    """Draw the mean of a metric for each prior, with its 95 % interval over images and every image.

    Tasks are columns, without those that the metric is not defined for; data sets are rows of
    panels, and priors are sorted by their mean rank, with baselines last. What would squeeze the
    rest is written at the edge. A line shows the metric's target, if it has one.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`.
        catalogue: labels and order.
        metric: a name in ``catalogue.metrics``.
    """
    spec = catalogue.metrics[metric]
    summary = summarise(scores, {metric: spec})
    if not summary["n"].any():
        return nothing_to_draw(WIDTH)
    drawn = set(summary.loc[summary["n"] > 0, "task"])
    catalogue = replace(
        catalogue, tasks={task: label for task, label in catalogue.tasks.items() if task in drawn}
    )
    cells = summary.set_index(["dataset", "task", "prior"]).to_dict("index")
    images = scores[
        (scores["source"] == "measured") & (scores["metric"] == metric) & scores["value"].notna()
    ]
    values = images.groupby(["dataset", "task", "prior"])["value"].apply(tuple).to_dict()

    def row_of(cell: Key, mark: Mark) -> Row:
        return _row(cells.get(cell), values.get(cell, ()), mark)

    include = [] if spec.target is None else [spec.target]
    panels = draw_panels(summary, catalogue, metric, row_of, spec.target, include)
    handles = [
        legend_mark("mean, 95 % interval", linewidth=1.6),
        legend_mark("one image", marker="|", markersize=4),
    ]
    if summary["n_failed"].any():
        handles.append(legend_mark("some images failed", **HOLLOW))
    if spec.target is not None:
        words = f"what the clean image has on average: {spec.target:g}"
        handles.append(legend_mark(words, marker="", linewidth=0.8))
    return panels.finish(catalogue.metric_label(metric), handles)


def _row(cell: Mapping[Any, Any] | None, values: tuple[float, ...], mark: Mark) -> Row:
    if cell is None or not cell["n"]:
        return without_mean(cell, mark)
    failed = cell["n_failed"]
    return Row(
        mark=mark,
        mean=cell["mean"],
        low=cell["low"],
        high=cell["high"],
        values=values,
        failed=failed > 0,
        note=f"{cell['n']}/{cell['n'] + failed}" if failed else "",
    )
