"""The tables about the runs themselves: what they cost and what failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from priorbench.report.coverage import Coverage, Planned
from priorbench.report.grid import Cell, Grid, Section
from priorbench.results.catalogue import Catalogue
from priorbench.results.statistics import restored_runs
from priorbench.store.status import NO_FAILURE, Status

FAILURE_COLUMNS = ["dataset", "image", "task", "prior", "status", "stage", "reason"]
FINISHED_NOTE = "(12/68): 12 of 68 images are finished."
COST_COLUMNS = [
    "dataset",
    "prior",
    "task",
    "n",
    "seconds_mean",
    "seconds_min",
    "seconds_max",
    "peak_memory_mb",
    "threads",
    "training_seconds",
    "n_parameters",
]


def cost_csv(
    runs: pd.DataFrame, catalogue: Catalogue, planned: Planned | None = None
) -> pd.DataFrame:
    """Return what restorations cost: one row for each data set, prior and task.

    Only those that gave an image count.

    ``n`` images, mean, least and most wall-clock seconds an image, the highest peak memory in MB,
    the threads, the seconds of the fit, which all cells of a prior share, and how many numbers were
    learned, before or from the problem alone; the last two are missing where nothing is. With
    ``planned``, while a run goes on, every cell that is run has a row, with ``done`` and
    ``planned`` images.
    """
    done = restored_runs(runs).sort_values("image")  # the last digit of a mean depends on the order
    rows = [
        (
            *names,
            len(group),
            *(group["seconds"].mean(), group["seconds"].min(), group["seconds"].max()),
            *(group["peak_memory_mb"].max(), group["threads"].max()),
            *(group["training_seconds"].max(), group["n_parameters"].max()),
        )
        for names, group in done.groupby(["dataset", "prior", "task"])
    ]
    frame = pd.DataFrame(rows, columns=COST_COLUMNS)
    if planned is not None:
        frame = _with_coverage(frame, Coverage.of(runs, planned))
    known = [frame[name].isin(list(ids)) for name, ids in _orders(catalogue).items()]
    frame = frame[known[0] & known[1] & known[2]]
    return frame.sort_values(
        list(_orders(catalogue)), key=lambda column: _ranks(column, catalogue), ignore_index=True
    )


def cost_grid(runs: pd.DataFrame, catalogue: Catalogue, planned: Planned | None = None) -> Grid:
    """Return the cost of each prior for people, data sets as sections."""
    coverage = Coverage.of(runs, {} if planned is None else planned)
    costs = cost_csv(runs, catalogue)
    states = runs.groupby(["dataset", "prior", "task"])["status"].agg(
        lambda status: status.mode().iloc[0]
    )
    sections = []
    for dataset in catalogue.datasets:
        own = costs[costs["dataset"] == dataset]
        if not ((runs["dataset"] == dataset).any() or coverage.images(dataset)):
            continue
        seconds = own.set_index(["prior", "task"])["seconds_mean"].to_dict()
        highest = own.groupby("prior")[[*WORDS]].max()
        rows = []
        for prior, label in catalogue.priors.items():
            cells = [Cell(label)]
            for task in catalogue.tasks:
                cell = (dataset, task, prior)
                share = (
                    ""
                    if coverage.is_whole(cell)
                    else f" {coverage.words(cell, coverage.done.get(cell, 0))}"
                )
                status = str(states.get((dataset, prior, task), Status.UNSUPPORTED))
                if share and cell not in coverage.done:
                    cells.append(Cell(f"–{share}"))
                elif (prior, task) in seconds:
                    cells.append(Cell(_significant(seconds[prior, task]) + share))
                else:
                    cells.append(
                        Cell("cannot")
                        if status == Status.UNSUPPORTED
                        else Cell(status + share, "failed")
                    )
            for column, words in WORDS.items():
                value = highest[column].get(prior)
                cells.append(Cell("–" if value is None or pd.isna(value) else words(value)))
            rows.append(cells)
        sections.append(Section(dataset, [rows]))
    notes = [
        "Mean wall-clock seconds an image over the images that were restored, and the highest "
        "peak memory.",
        "The start that every solver takes from the observation is computed before the clock "
        "starts.",
        "Training is the fit of the model, in wall-clock seconds, once for all images.",
        "Parameters are the numbers that were learned, by the fit or, without one, from each "
        "observation.",
    ]
    if coverage.notes():
        notes = [*coverage.notes(), FINISHED_NOTE, *notes]
    columns = [
        "prior",
        *(f"{label} (s)" for label in catalogue.tasks.values()),
        "peak memory (MB)",
        "threads",
        "training (s)",
        "parameters",
    ]
    return Grid("Cost of a restoration", columns, sections, notes)


def failures_csv(runs: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each failure: where, in which stage and why.

    They are the restorations that failed or stopped at their time limit, and the scores of restored
    images that failed, with the stage ``score`` and the name of the metric before the reason.

    Args:
        runs: rows of :data:`priorbench.results.schema.RUNS`.
        scores: rows of :data:`priorbench.results.schema.SCORES`.
    """
    failed = runs[~runs["status"].isin(NO_FAILURE)]
    measured = scores[scores["source"] == "measured"]
    # A restoration that failed has scores with its own status. One that was killed has no image;
    # every score of an image that stopped at its limit says timeout unless the metric failed.
    restored = runs.loc[runs["status"].isin([Status.OK, Status.TIMEOUT]), FAILURE_COLUMNS[:4]]
    unscored = measured[~measured["status"].isin([*NO_FAILURE, Status.TIMEOUT])].merge(restored)
    reasons = unscored["metric"] + ": " + unscored["reason"]
    rows = pd.concat([failed, unscored.assign(stage="score", reason=reasons)])
    return rows.sort_values([*FAILURE_COLUMNS[:4], "reason"], ignore_index=True)[FAILURE_COLUMNS]


def failures_grid(
    runs: pd.DataFrame, scores: pd.DataFrame, catalogue: Catalogue, planned: Planned | None = None
) -> Grid:
    """Return the failures, those of the same data set, stage and reason in one row."""
    failed = failures_csv(runs, scores).assign(
        reason=lambda frame: frame["reason"].map(_first_line)
    )
    rows = []
    for (dataset, status, stage, reason), group in failed.groupby(
        ["dataset", "status", "stage", "reason"]
    ):
        priors = sorted(group["prior"].unique(), key=[*catalogue.priors, *group["prior"]].index)
        tasks = sorted(group["task"].unique(), key=[*catalogue.tasks, *group["task"]].index)
        names = [_some(sorted(group["image"].unique())), _some(tasks), _some(priors)]
        texts = [str(dataset), *names, str(status), str(stage), str(reason), str(len(group))]
        rows.append([Cell(text, "failed" if text == status else "") for text in texts])
    sections = [Section("", [rows])] if rows else []
    shared = "Failures for the same reason share a row; failures.csv has a row for each."
    notes = (
        *Coverage.of(runs, {} if planned is None else planned).notes(),
        shared if rows else "No failures.",
    )
    columns = [*FAILURE_COLUMNS, "failures"]
    return Grid("Failures", columns, sections, notes, text_columns=len(FAILURE_COLUMNS))


def _with_coverage(costs: pd.DataFrame, coverage: Coverage) -> pd.DataFrame:
    """Return the costs with a row for each cell that is planned, and how much of it is there."""
    cells = [
        (dataset, prior, task, coverage.done.get((dataset, task, prior), 0), count)
        for (dataset, task, prior), count in coverage.planned.items()
    ]
    frame = pd.DataFrame(cells, columns=[*COST_COLUMNS[:3], "done", "planned"])
    whole = costs.merge(frame, on=COST_COLUMNS[:3], how="right")
    # A missing row would turn whole numbers into fractions.
    return whole.astype({"n": "Int64", "threads": "Int64"}).fillna({"n": 0})[
        [*COST_COLUMNS, "done", "planned"]
    ]


def _orders(catalogue: Catalogue) -> dict[str, Iterable[str]]:
    return {"dataset": catalogue.datasets, "prior": catalogue.priors, "task": catalogue.tasks}


def _ranks(column: pd.Series[str], catalogue: Catalogue) -> pd.Series[int]:
    rank = {name: i for i, name in enumerate(_orders(catalogue)[str(column.name)])}
    return column.map(rank)


def _significant(seconds: float) -> str:
    """Return three significant digits without an exponent."""
    if seconds >= 100:
        return f"{seconds:.0f}"
    return f"{seconds:.3g}" if seconds >= 0.001 else "< 0.001"


def _whole(value: float) -> str:
    return f"{value:.0f}"


def _thousands(value: float) -> str:
    return f"{value:,.0f}"


WORDS: dict[str, Callable[[float], str]] = {
    "peak_memory_mb": _whole,
    "threads": _whole,
    "training_seconds": _significant,
    "n_parameters": _thousands,
}
"""Columns of the costs of a prior in all tasks, and how their values are written."""


def _some(names: list[str], shown: int = 3) -> str:
    more = len(names) - shown
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:shown])} and {more} more"


def _first_line(text: str, width: int = 100) -> str:
    line = next(iter(text.strip().splitlines()), "")
    return line if len(line) <= width else line[: width - 1] + "…"
