"""How far each prior is from the best one, image by image."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from priorbench.report.figures.canvas import nothing_to_draw
from priorbench.report.figures.dots import dot_grid, draw_row, rank_priors
from priorbench.report.figures.style import BASELINE, WIDTH, family_marks, styled
from priorbench.results.catalogue import Catalogue
from priorbench.results.statistics import paired_differences, summarise


@styled
def draw_differences(scores: pd.DataFrame, catalogue: Catalogue, metric: str) -> Figure:
    """Draw the paired differences to the best prior, with simultaneous 95 % intervals.

    Images differ more than priors do, so intervals of means overlap where the priors are clearly apart; pairing by
    image takes the difficulty of the images out. The observation is left out: it would squeeze the rest.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`.
        catalogue: labels and order.
        metric: a name in ``catalogue.metrics``.
    """
    records = {metric: catalogue.metrics[metric]}
    summary = summarise(scores, records)
    if not summary["n"].any():
        return nothing_to_draw(WIDTH)
    paired = paired_differences(scores, records).set_index(["dataset", "task", "prior"])
    differences = paired.rename(columns={"difference": "mean"}).to_dict("index")
    states = summary.set_index(["dataset", "task", "prior"]).to_dict("index")
    datasets = [dataset for dataset in catalogue.datasets if dataset in set(summary["dataset"])]
    priors = [
        prior
        for prior in rank_priors(summary, catalogue, metric)
        if prior != BASELINE or len(catalogue.priors) == 1
    ]
    marks = family_marks(catalogue.priors)
    figure, panels = dot_grid(datasets, priors, catalogue)
    for dataset, line in zip(datasets, panels, strict=True):
        for task, axes in zip(catalogue.tasks, line, strict=True):
            axes.axvline(0, color="0.3", linewidth=0.8, zorder=1)
            for row, prior in enumerate(priors):
                state, difference = (
                    states.get((dataset, task, prior)),
                    differences.get((dataset, task, prior)),
                )
                if state and state["mark"] == "best":
                    axes.plot([0], [row], "*", markersize=8, color=marks[prior].colour, zorder=3)
                elif state and difference:
                    draw_row(axes, row, state | difference, marks[prior])
                else:
                    draw_row(axes, row, state if state and not state["n"] else None, marks[prior])
    figure.supxlabel(
        f"{catalogue.metric_label(metric)}: difference to the best prior, paired by image",
        fontsize=8,
    )
    handles = [
        Line2D([], [], color="0.2", marker="*", markersize=8, linewidth=0, label="the best"),
        Line2D(
            [],
            [],
            color="0.2",
            marker="o",
            markersize=4.2,
            linewidth=1.6,
            label="mean difference, 95 % interval",
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
