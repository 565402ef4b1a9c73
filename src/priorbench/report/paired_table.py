"""The table of paired differences to the best mean: priors as rows, tasks as columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from priorbench.report.coverage import Coverage, Planned, comparable
from priorbench.report.grid import Cell, Grid, Section
from priorbench.results.catalogue import Catalogue
from priorbench.results.statistics import BEST, TIED, paired_differences

NOTES = (
    "Mean difference to the prior with the best mean of the column, over the images that both "
    "restored, with its 95 % interval: Student's, by Bonferroni at once for all pairs of priors of "
    "the column, as the best mean is chosen by the same images. With one image there is no "
    "interval. –: no such image.",
    "Bold: the best mean, as all others are distinguishably worse. Underlined, where there is no "
    "such prior: the best mean and those that can't be distinguished from it, as the interval "
    "contains 0 or there is none; a prior that failed on an image which another one restored is "
    "never marked.",
    "paired.csv has the p-values of the paired t tests, with and without the correction. With it a "
    "difference is significant at 5 % exactly where the interval excludes 0.",
)

PARTIAL_NOTE = "A column where any prior lacks images has no best mean yet and is left out."


def paired_csv(
    scores: pd.DataFrame, catalogue: Catalogue, planned: Planned | None = None
) -> pd.DataFrame:
    """Return the paired differences with all digits.

    See :func:`priorbench.results.statistics.paired_differences`.

    With ``planned``, while a run goes on, only those of data sets and tasks where every prior has
    all images.
    """
    if planned is not None:
        scores = comparable(scores, planned, catalogue.metrics)
    return paired_differences(scores, catalogue.metrics)


def paired_grid(scores: pd.DataFrame, catalogue: Catalogue, planned: Planned | None = None) -> Grid:
    """Return the paired differences for people, a section for each metric and data set.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`.
        catalogue: labels and order.
        planned: what each cell will have, while a run goes on.
    """
    paired = paired_csv(scores, catalogue, planned)
    differences = paired.set_index(["metric", "dataset", "prior", "task"]).to_dict("index")
    columns = paired.groupby(["metric", "dataset", "task"])
    best = columns["best"].first().to_dict()
    has_equals = columns["mark"].agg(lambda marks: TIED in set(marks)).to_dict()
    sections = []
    for metric, spec in catalogue.metrics.items():
        for dataset in catalogue.datasets:
            if not any((metric, dataset, task) in best for task in catalogue.tasks):
                continue
            rows = []
            for prior, label in catalogue.priors.items():
                cells = [Cell(label)]
                for task in catalogue.tasks:
                    column = metric, dataset, task
                    if best.get(column) == prior:
                        cells.append(Cell("best mean", TIED if has_equals[column] else BEST))
                    else:
                        own = differences.get((metric, dataset, prior, task))
                        cells.append(_cell(own, spec.decimals))
                rows.append(cells)
            sections.append(Section(f"{catalogue.metric_label(metric)}, {dataset}", [rows]))
    notes = NOTES if sections else ("Nothing to compare.",)
    if planned is not None:
        metric = catalogue.main_metric
        unfinished = Coverage.of(scores[scores["metric"] == metric], planned).notes()
        notes = (*unfinished, PARTIAL_NOTE, *notes) if unfinished else notes
    return Grid(
        "Paired differences to the best mean",
        ["prior", *catalogue.tasks.values()],
        sections,
        notes,
    )


def _cell(row: Mapping[Any, Any] | None, decimals: int) -> Cell:
    if row is None:
        return Cell("–")
    text = f"{row['difference']:+.{decimals}f}"
    if np.isfinite(row["low"]):
        text += f" ({row['low']:+.{decimals}f}, {row['high']:+.{decimals}f})"
    return Cell(text.replace("-", "−"), row["mark"])
