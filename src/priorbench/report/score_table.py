"""The table of one metric: priors as rows, tasks as columns, data sets as sections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from priorbench.report.grid import Cell, Grid, Row, Section
from priorbench.results.catalogue import Catalogue
from priorbench.results.statistics import summarise

NOTES = (
    "Mean over the images ± half the width of its 95 % bootstrap interval over images.",
    "Bold: the best mean of a column; underlined: the paired difference to it has an interval that contains 0.",
    "(3/5): restored 3 of 5 images; the mean is over those. A prior that misses an image which another one restored is "
    "never the best.",
    "cannot: the prior can't do the task, or the metric is not defined for it; runs.parquet and scores.parquet "
    "say why.",
)


def score_grid(scores: pd.DataFrame, catalogue: Catalogue, metric: str) -> Grid:
    """Return the table of a metric for people.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`.
        catalogue: labels and order.
        metric: a name in ``catalogue.metrics``.
    """
    spec = catalogue.metrics[metric]
    summary = summarise(scores, {metric: spec})
    published = _published(scores, metric)
    sections = []
    for dataset in catalogue.datasets:
        own = summary[summary["dataset"] == dataset]
        if own.empty:
            continue
        images = int((own["n"] + own["n_failed"]).max())
        measured = own.set_index(["prior", "task"]).to_dict("index")
        block = [
            [Cell(label), *(_cell(measured.get((prior, task)), spec.decimals) for task in catalogue.tasks)]
            for prior, label in catalogue.priors.items()
        ]
        papers = _paper_rows(published[published["dataset"] == dataset], catalogue, spec.decimals)
        title = f"{dataset} ({images} image{'s' if images != 1 else ''})"
        sections.append(Section(title, [block, papers] if papers else [block]))
    notes = NOTES if sections else ("No scores.",)
    return Grid(catalogue.metric_label(metric), ["prior", *catalogue.tasks.values()], sections, notes)


def score_csv(scores: pd.DataFrame, catalogue: Catalogue, metric: str) -> pd.DataFrame:
    """Return the table of a metric with all digits: one row for each data set and prior.

    Each task gives the columns ``<task>`` (mean), ``<task>_low``, ``<task>_high`` (95 % bootstrap interval),
    ``<task>_n``, ``<task>_n_failed``, ``<task>_status`` and ``<task>_mark`` (best, tied or empty). Published
    numbers are rows of their own, with the citation in ``note``.
    """
    summary = summarise(scores, {metric: catalogue.metrics[metric]})
    cells = summary.set_index(["dataset", "prior", "task"]).to_dict("index")
    rows: list[dict[str, Any]] = []
    for dataset in catalogue.datasets:
        for prior, label in catalogue.priors.items():
            row: dict[str, Any] = {"dataset": dataset, "prior": prior, "label": label, "source": "measured", "note": ""}
            for task in catalogue.tasks:
                row |= _csv_cell(task, cells.get((dataset, prior, task), {}))
            rows.append(row)
        published = _published(scores, metric)
        of_dataset = published[published["dataset"] == dataset]
        for names, group in of_dataset.groupby(["prior", "source", "note"]):
            prior, source, note = map(str, names)
            values = dict(zip(group["task"], group["value"], strict=True))
            row = {"dataset": dataset, "prior": prior, "label": prior, "source": source, "note": note}
            for task in catalogue.tasks:
                row |= _csv_cell(task, {"mean": values[task], "status": "ok"} if task in values else {})
            rows.append(row)
    fields = ("", "_low", "_high", "_n", "_n_failed", "_status", "_mark")
    columns = [f"{task}{field}" for task in catalogue.tasks for field in fields]
    return pd.DataFrame(rows, columns=["dataset", "prior", "label", "source", "note", *columns])


def _cell(row: Mapping[Any, Any] | None, decimals: int) -> Cell:
    if row is None or row["status"] == "unsupported":
        return Cell("cannot")
    if row["n"] == 0:
        return Cell(row["status"], "failed")
    text = f"{row['mean']:.{decimals}f}"
    if np.isfinite(row["low"]):
        text += f" ± {(row['high'] - row['low']) / 2:.{decimals}f}"
    if row["n_failed"]:
        return Cell(f"{text} ({row['n']}/{row['n'] + row['n_failed']})", row["mark"] or "failed")
    return Cell(text, row["mark"])


def _csv_cell(task: str, cell: Mapping[Any, Any]) -> dict[str, Any]:
    mean, n, status = cell.get("mean", np.nan), cell.get("n", pd.NA), cell.get("status", "unsupported")
    interval = {f"{task}_low": cell.get("low", np.nan), f"{task}_high": cell.get("high", np.nan)}
    counts = {f"{task}_n": n, f"{task}_n_failed": cell.get("n_failed", pd.NA)}
    return {task: mean} | interval | counts | {f"{task}_status": status, f"{task}_mark": cell.get("mark", "")}


def _published(scores: pd.DataFrame, metric: str) -> pd.DataFrame:
    return scores[(scores["source"] != "measured") & (scores["metric"] == metric)]


def _paper_rows(published: pd.DataFrame, catalogue: Catalogue, decimals: int) -> list[Row]:
    rows: list[Row] = []
    for (prior, source, note), group in published.groupby(["prior", "source", "note"]):
        values = dict(zip(group["task"], group["value"], strict=True))
        texts = [f"{values[task]:.{decimals}f}" if task in values else "" for task in catalogue.tasks]
        rows.append([Cell(f"{prior} ({source}: {note})"), *(Cell(text) for text in texts)])
    return rows
