"""The table of what failed."""

from __future__ import annotations

import pandas as pd

from priorbench.report.coverage import Coverage, Planned
from priorbench.report.grid import Cell, Grid, Section
from priorbench.results.catalogue import Catalogue
from priorbench.store.status import NO_FAILURE, Status

FAILURE_COLUMNS = ["dataset", "image", "task", "prior", "status", "stage", "reason"]


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


def _some(names: list[str], shown: int = 3) -> str:
    more = len(names) - shown
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:shown])} and {more} more"


def _first_line(text: str, width: int = 100) -> str:
    line = next(iter(text.strip().splitlines()), "")
    return line if len(line) <= width else line[: width - 1] + "…"
