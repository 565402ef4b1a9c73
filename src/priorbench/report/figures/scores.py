"""A metric by prior and task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from priorbench.report.figures.canvas import nothing_to_draw
from priorbench.report.figures.dots import dot_grid, draw_row, rank_priors, write_in_row
from priorbench.report.figures.style import BASELINE, WIDTH, family_marks, styled
from priorbench.results.catalogue import Catalogue
from priorbench.results.statistics import summarise


@styled
def draw_scores(scores: pd.DataFrame, catalogue: Catalogue, metric: str) -> Figure:
    """Draw the mean of a metric for each prior, with its 95 % interval over images and every image.

    Tasks are columns, without those that the metric is not defined for; data sets are rows of panels, and priors are
    sorted by their mean rank. The observation comes last; where it would squeeze the rest, its mean is written at the
    edge.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`.
        catalogue: labels and order.
        metric: a name in ``catalogue.metrics``.
    """
    summary = summarise(scores, {metric: catalogue.metrics[metric]})
    datasets = [dataset for dataset in catalogue.datasets if dataset in set(summary["dataset"])]
    if not summary["n"].any():
        return nothing_to_draw(WIDTH)
    drawn = set(summary.loc[summary["n"] > 0, "task"])
    catalogue = replace(
        catalogue, tasks={task: label for task, label in catalogue.tasks.items() if task in drawn}
    )
    priors = rank_priors(summary, catalogue, metric)
    if BASELINE in priors:
        priors = [*(prior for prior in priors if prior != BASELINE), BASELINE]
    marks = family_marks(catalogue.priors)
    cells = summary.set_index(["dataset", "task", "prior"]).to_dict("index")
    images = scores[
        (scores["source"] == "measured") & (scores["metric"] == metric) & scores["value"].notna()
    ]
    values = images.groupby(["dataset", "task", "prior"])["value"].apply(list).to_dict()
    figure, panels = dot_grid(datasets, priors, catalogue)
    for dataset, line in zip(datasets, panels, strict=True):
        for task, axes in zip(catalogue.tasks, line, strict=True):
            for row, prior in enumerate(priors):
                cell = cells.get((dataset, task, prior))
                if (
                    prior == BASELINE
                    and cell
                    and cell["n"]
                    and row
                    and _is_outside(axes, cell["mean"])
                ):
                    below = cell["mean"] < axes.get_xlim()[0]
                    text = f"{cell['mean']:.{catalogue.metrics[metric].decimals}f}"
                    write_in_row(axes, row, f"◂ {text}" if below else f"{text} ▸", right=not below)
                    continue
                own = values.get((dataset, task, prior), [])
                axes.plot(
                    own,
                    [row + 0.27] * len(own),
                    "o",
                    markersize=2,
                    alpha=0.4,
                    color=marks[prior].colour,
                    mew=0,
                )
                draw_row(axes, row, cell, marks[prior])
            _write_counts(axes, [cells.get((dataset, task, prior)) for prior in priors])
    figure.supxlabel(catalogue.metric_label(metric), fontsize=8)
    handles = [
        Line2D(
            [],
            [],
            color="0.2",
            marker="o",
            markersize=4.2,
            linewidth=1.6,
            label="mean, 95 % interval",
        ),
        Line2D(
            [], [], color="0.2", marker="o", markersize=2, linewidth=0, alpha=0.5, label="one image"
        ),
        Line2D(
            [],
            [],
            color="0.2",
            marker="o",
            markersize=4.2,
            linewidth=0,
            markerfacecolor="w",
            label="images failed",
        ),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False)
    return figure


def _is_outside(axes: Axes, mean: float) -> bool:
    """Return whether drawing ``mean`` would squeeze what is drawn already."""
    low, high = axes.get_xlim()
    return not low - 0.25 * (high - low) <= mean <= high + 0.25 * (high - low)


def _write_counts(axes: Axes, cells: Sequence[Mapping[Any, Any] | None]) -> None:
    """Write at the right edge how many images a mean stands on, where some failed."""
    counts = {
        row: cell for row, cell in enumerate(cells) if cell and cell["n"] and cell["n_failed"]
    }
    if counts:
        low, high = axes.get_xlim()
        axes.set_xlim(low, high + 0.15 * (high - low))
    for row, cell in counts.items():
        write_in_row(axes, row, f"{cell['n']}/{cell['n'] + cell['n_failed']}", right=True)
