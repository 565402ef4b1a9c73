"""The table of one metric: priors as rows, tasks as columns, data sets as sections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from priorbench.report.coverage import CellName, Coverage, Planned
from priorbench.report.grid import Cell, Grid, Row, Section
from priorbench.results.catalogue import Catalogue
from priorbench.results.exact import exact_restorations
from priorbench.results.statistics import summarise
from priorbench.store.status import Status

NOTES = (
    "Mean over the images ± half the width of its 95 % interval, Student's; with one image there "
    "is none.",
    "Bold: the best mean of a column, or several that are equal. Underlined: it can't be told from "
    "the best by the paired t test at 5 %, corrected for all pairs of priors of the column, as the "
    "best is chosen by the same images; with one image nothing can. The table paired has the "
    "differences with intervals of the same test.",
    "(3/5): the mean is over 3 of 5 images, as the others failed or the metric is not defined for "
    "them. A prior that failed on an image which another one restored is never the best.",
)
CANNOT = "cannot"

PARTIAL_NOTES = (
    "(12/68): the mean is over 12 of 68 images, as the others are not finished or, where it says so, failed; – (0/68): "
    "none is finished. Such a mean is over other images than those above and below it and can't be compared with them.",
    "Nothing is bold or underlined in a column where any prior lacks images.",
)


def score_grid(
    scores: pd.DataFrame, catalogue: Catalogue, metric: str, planned: Planned | None = None
) -> Grid:
    """Return the table of a metric for people.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`.
        catalogue: labels and order.
        metric: a name in ``catalogue.metrics``.
        planned: what each cell will have, while a run goes on: cells then say how much of it is there.
    """
    spec = catalogue.metrics[metric]
    coverage = _coverage(scores, metric, planned)
    summary = summarise(scores, {metric: spec})
    published = _published(scores, metric)
    sections = []
    for dataset in catalogue.datasets:
        own = summary[summary["dataset"] == dataset]
        if own.empty and not (coverage and coverage.images(dataset)):
            continue
        images = (
            coverage.images(dataset)
            if coverage
            else int((own["n"] + own["n_failed"] + own["n_undefined"]).max())
        )
        measured = own.set_index(["prior", "task"]).to_dict("index")
        block = []
        for prior, label in catalogue.priors.items():
            cells = [
                _cell(measured.get((prior, task)), spec.decimals, coverage, (dataset, task, prior))
                for task in catalogue.tasks
            ]
            block.append([Cell(label), *cells])
        papers = _paper_rows(published[published["dataset"] == dataset], catalogue, spec.decimals)
        title = f"{dataset} ({images} image{'s' if images != 1 else ''})"
        sections.append(Section(title, [block, papers] if papers else [block]))
    notes = (*NOTES, *_cannot_notes(summary, catalogue)) if sections else ("No scores.",)
    if coverage and coverage.notes():
        notes = (*coverage.notes(), *PARTIAL_NOTES, *notes)
    return Grid(
        catalogue.metric_label(metric),
        ["prior", *catalogue.tasks.values()],
        sections,
        (*notes, *exact_notes(scores, catalogue)),
    )


def exact_notes(scores: pd.DataFrame, catalogue: Catalogue) -> tuple[str, ...]:
    """Return which restorations equal the clean image of a problem that can't be inverted; nothing if none does."""
    found = exact_restorations(scores)
    if found.empty:
        return ()
    parts = []
    for names, own in found.groupby(["dataset", "prior", "task"], sort=False):
        dataset, prior, task = map(str, names)
        where = f"{catalogue.priors.get(prior, prior)}, {catalogue.tasks.get(task, task)}"
        parts.append(f"{where}, {dataset}: {', '.join(own['image'])}")
    return (
        f"Equals the clean image, which the observation does not tell: {'; '.join(parts)}. "
        "Either the image is trivial, or the prior has seen it.",
    )


def score_csv(
    scores: pd.DataFrame, catalogue: Catalogue, metric: str, planned: Planned | None = None
) -> pd.DataFrame:
    """Return the table of a metric with all digits: one row for each data set and prior.

    Each task gives the columns ``<task>`` (mean), ``<task>_low``, ``<task>_high`` (95 % interval),
    ``<task>_n``, ``<task>_n_failed``, ``<task>_status`` and ``<task>_mark`` (best, tied or empty). Published
    numbers are rows of their own, with the citation in ``note``. With ``planned``, while a run goes on, there are
    ``<task>_done`` and ``<task>_planned`` as well, in images, and the status of a cell without any is ``waiting``.
    """
    coverage = _coverage(scores, metric, planned)
    summary = summarise(scores, {metric: catalogue.metrics[metric]})
    cells = summary.set_index(["dataset", "prior", "task"]).to_dict("index")
    rows: list[dict[str, Any]] = []
    for dataset in catalogue.datasets:
        for prior, label in catalogue.priors.items():
            row: dict[str, Any] = {
                "dataset": dataset,
                "prior": prior,
                "label": label,
                "source": "measured",
                "note": "",
            }
            for task in catalogue.tasks:
                cell = (dataset, task, prior)
                row |= _csv_cell(task, _seen(cells.get((dataset, prior, task), {}), coverage, cell))
                if coverage:
                    row |= {f"{task}_done": coverage.done.get(cell, 0)}
                    row |= {f"{task}_planned": coverage.planned.get(cell, 0)}
            rows.append(row)
        published = _published(scores, metric)
        of_dataset = published[published["dataset"] == dataset]
        for names, group in of_dataset.groupby(["prior", "source", "note"]):
            prior, source, note = map(str, names)
            values = dict(zip(group["task"], group["value"], strict=True))
            row = {
                "dataset": dataset,
                "prior": prior,
                "label": prior,
                "source": source,
                "note": note,
            }
            for task in catalogue.tasks:
                row |= _csv_cell(
                    task, {"mean": values[task], "status": "ok"} if task in values else {}
                )
            rows.append(row)
    fields = ["", "_low", "_high", "_n", "_n_failed", "_status", "_mark"]
    fields += ["_done", "_planned"] if coverage else []
    columns = [f"{task}{field}" for task in catalogue.tasks for field in fields]
    return pd.DataFrame(rows, columns=["dataset", "prior", "label", "source", "note", *columns])


def _coverage(scores: pd.DataFrame, metric: str, planned: Planned | None) -> Coverage | None:
    return None if planned is None else Coverage.of(scores[scores["metric"] == metric], planned)


def _seen(row: Mapping[Any, Any], coverage: Coverage | None, cell: CellName) -> Mapping[Any, Any]:
    """Return a row of the summary as it may be shown: nothing is the best of a column that is not finished."""
    if coverage is None:
        return row
    if not row:
        return (
            {"n": 0, "n_failed": 0, "n_undefined": 0, "status": "waiting"}
            if coverage.planned.get(cell)
            else row
        )
    return row if coverage.is_whole_column(*cell[:2]) else {**row, "mark": ""}


def _cell(
    row: Mapping[Any, Any] | None, decimals: int, coverage: Coverage | None, cell: CellName
) -> Cell:
    row = _seen(row or {}, coverage, cell)
    if not row or row["status"] in (Status.UNSUPPORTED, Status.UNDEFINED):
        return Cell(CANNOT)
    if coverage and not coverage.is_whole(cell):
        return _partial_cell(row, decimals, coverage, cell)
    if row["n"] == 0:
        return Cell(row["status"], "failed")
    text = f"{row['mean']:.{decimals}f}"
    if np.isfinite(row["low"]):
        text += f" ± {(row['high'] - row['low']) / 2:.{decimals}f}"
    missing = row["n_failed"] + row["n_undefined"]
    if missing:
        text += f" ({row['n']}/{row['n'] + missing})"
    return Cell(text, row["mark"] or ("failed" if row["n_failed"] else ""))


def _cannot_notes(summary: pd.DataFrame, catalogue: Catalogue) -> list[str]:
    """Return what the cells that can't hold a number mean, each for the reason that holds."""
    cells = summary.set_index(["dataset", "task", "prior"])["status"]
    undefined = summary[summary["status"] == Status.UNDEFINED]
    planned = len(catalogue.priors) * len(summary[["dataset", "task"]].drop_duplicates())
    notes = []
    if (cells == Status.UNSUPPORTED).any() or len(cells) < planned:
        notes.append(f"{CANNOT}: the prior can't do the task; runs.parquet says why.")
    if not undefined.empty:
        places = [
            f"{catalogue.prior_label(prior)} on {catalogue.tasks.get(task, task)}"
            for task, prior in undefined[["task", "prior"]].drop_duplicates().to_numpy()
        ]
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""
        notes.append(
            f"{CANNOT} for {', '.join(places[:3])}{more}: the metric is not defined there, which "
            f"is no failure of the prior: {undefined['reason'].iloc[0]}; scores.parquet has the "
            "reason of each image."
        )
    return notes


def _partial_cell(
    row: Mapping[Any, Any], decimals: int, coverage: Coverage, cell: CellName
) -> Cell:
    share = coverage.words(cell, row["n"], row["n_failed"])
    if row["status"] == "waiting":
        return Cell(f"– {share}")
    if row["n"] == 0:
        return Cell(f"{row['status']} {share}", "failed")
    return Cell(f"{row['mean']:.{decimals}f} {share}", "failed" if row["n_failed"] else "")


def _csv_cell(task: str, cell: Mapping[Any, Any]) -> dict[str, Any]:
    mean, n, status = (
        cell.get("mean", np.nan),
        cell.get("n", pd.NA),
        cell.get("status", Status.UNSUPPORTED),
    )
    interval = {f"{task}_low": cell.get("low", np.nan), f"{task}_high": cell.get("high", np.nan)}
    counts = {f"{task}_n": n, f"{task}_n_failed": cell.get("n_failed", pd.NA)}
    return (
        {task: mean}
        | interval
        | counts
        | {f"{task}_status": status, f"{task}_mark": cell.get("mark", "")}
    )


def _published(scores: pd.DataFrame, metric: str) -> pd.DataFrame:
    return scores[(scores["source"] != "measured") & (scores["metric"] == metric)]


def _paper_rows(published: pd.DataFrame, catalogue: Catalogue, decimals: int) -> list[Row]:
    rows: list[Row] = []
    for (prior, source, note), group in published.groupby(["prior", "source", "note"]):
        values = dict(zip(group["task"], group["value"], strict=True))
        texts = [
            f"{values[task]:.{decimals}f}" if task in values else "" for task in catalogue.tasks
        ]
        rows.append([Cell(f"{prior} ({source}: {note})"), *(Cell(text) for text in texts)])
    return rows
