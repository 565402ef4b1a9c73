"""The table of ranks: priors as rows, best first, tasks as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from priorbench.report.coverage import Coverage, Planned, comparable
from priorbench.report.grid import Cell, Grid, Section
from priorbench.results.catalogue import Catalogue
from priorbench.results.rankings import COLUMNS, OVER_TASKS, rankings
from priorbench.specs import MetricSpec

Ranks: TypeAlias = Mapping[Any, Mapping[Any, Any]]
"""The rows of a metric and data set, by prior and task."""

NOTES = (
    "Rank, its 95 % interval, and letters: priors that share a letter can't be told apart by the "
    "paired t test at 5 %, corrected for all pairs. Ranked are the priors that restored every "
    "image that any prior restored, over the images that all of them have a value of.",
    "Of a task: the rank of the mean; its interval leaves out the ranks of priors that are "
    "significantly better or worse, and holds for all priors at once.",
    "All tasks: the mean rank on a single image and task, with Student's interval, of the priors "
    "that are ranked on every task; it depends on which priors these are.",
    "To the best: by how much the best prior of an image is better there, as a mean over images "
    "(and tasks); the best mean, too, is behind on images where another prior wins.",
    "Bold: the best, as all others are distinguishably worse. Underlined, where there is no such "
    "prior: those that can't be told from the best rank. –: not ranked.",
)
PARTIAL_NOTE = "A column where any prior lacks images has no ranks yet."
ALL_TASKS: Final = "all tasks"


def ranking_csv(
    scores: pd.DataFrame, catalogue: Catalogue, planned: Planned | None = None
) -> pd.DataFrame:
    """Return the ranks with all digits, and the label of each prior.

    See :func:`priorbench.results.rankings.rankings`.

    With ``planned``, while a run goes on, only those of data sets and tasks where every prior has
    all images.
    """
    if planned is not None:
        scores = comparable(scores, planned, catalogue.metrics)
    found = rankings(scores, catalogue.metrics)
    labels = [catalogue.prior_label(prior) for prior in found["prior"]]
    found.insert(COLUMNS.index("prior") + 1, "label", labels)
    return found


def ranking_grid(
    scores: pd.DataFrame, catalogue: Catalogue, planned: Planned | None = None
) -> Grid:
    """Return the ranks for people, two sections for each metric and data set.

    The first has the ranks, the second the distances to the best of each image.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`.
        catalogue: labels and order.
        planned: what each cell will have, while a run goes on.
    """
    found = ranking_csv(scores, catalogue, planned)
    tasks = {OVER_TASKS: ALL_TASKS} if (found["task"] == OVER_TASKS).any() else {}
    tasks |= catalogue.tasks
    sections = []
    for metric, spec in catalogue.metrics.items():
        for dataset in catalogue.datasets:
            own = found[(found["metric"] == metric) & (found["dataset"] == dataset)]
            if own.empty:
                continue
            ranks = own.set_index(["prior", "task"], drop=False).to_dict("index")
            marks = _marks(own)
            priors = _in_order(ranks, [*tasks], [*catalogue.priors])
            title = f"{catalogue.metric_label(metric)}, {dataset}"
            rows, distances = [], []
            for prior in priors:
                keys = [(prior, task) for task in tasks]
                label = Cell(catalogue.priors[prior])
                rows.append([label, *(_rank(ranks.get(key), marks.get(key, "")) for key in keys)])
                distances.append([label, *(_distance(ranks.get(key), spec) for key in keys)])
            sections.append(Section(f"{title}: rank", [rows]))
            sections.append(Section(f"{title}: to the best of each image", [distances]))
    notes = NOTES if sections else ("Nothing to rank.",)
    if planned is not None:
        metric = catalogue.main_metric
        unfinished = Coverage.of(scores[scores["metric"] == metric], planned).notes()
        notes = (*unfinished, PARTIAL_NOTE, *notes) if unfinished else notes
    return Grid("Ranks and distances to the best", ["prior", *tasks.values()], sections, notes)


def _marks(rows: pd.DataFrame) -> dict[tuple[str, str], Literal["best", "tied"]]:
    """Return what stands out: the best rank of each task, or all that can't be told from it."""
    marks: dict[tuple[str, str], Literal["best", "tied"]] = {}
    for task, own in rows.groupby("task"):
        groups = dict(zip(own["prior"], own["group"].map(set), strict=True))
        first = groups[own["prior"].iloc[0]]
        alike = [prior for prior, group in groups.items() if group & first]
        for prior in alike:
            marks[prior, str(task)] = "tied" if len(alike) > 1 else "best"
    return marks


def _in_order(ranks: Ranks, tasks: Sequence[str], priors: Sequence[str]) -> list[str]:
    """Return the priors by their rank over tasks, or the mean of those that they have."""

    def place(prior: str) -> tuple[int, float]:
        own = [ranks[prior, task]["rank"] for task in tasks if (prior, task) in ranks]
        whole = (prior, OVER_TASKS) in ranks
        missing = 0 if whole else 1 if own else 2
        return missing, ranks[prior, OVER_TASKS]["rank"] if whole else float(np.mean(own or [0]))

    return sorted(priors, key=place)


def _rank(row: Mapping[Any, Any] | None, mark: Literal["", "best", "tied"]) -> Cell:
    if row is None:
        return Cell("–")
    # Ranks of means are whole or, of two that are equal, halves.
    form = "g" if row["task"] else ".1f"
    return Cell(f"{_with_interval(row, 'rank', form)} {row['group']}", mark)


def _distance(row: Mapping[Any, Any] | None, spec: MetricSpec) -> Cell:
    return Cell("–" if row is None else _with_interval(row, "improvability", f".{spec.decimals}f"))


def _with_interval(row: Mapping[Any, Any], name: str, form: str) -> str:
    value, low, high = (row[name + end] for end in ("", "_low", "_high"))
    interval = f" ({low:{form}}–{high:{form}})" if np.isfinite(low) else ""
    return f"{value:{form}}{interval}"
