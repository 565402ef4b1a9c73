"""The numbers of the leaderboard, as they stand in the tables and in the rows."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from priorbench.plan import Plan
from priorbench.site.columns import Columns, number, of_frame
from priorbench.store.cell import Cell

KEY = ["dataset", "task", "metric", "prior"]
SCORES = (*KEY, "n", "n_failed", "mean", "low", "high", "status", "mark", "origin")
PAIRED = (*KEY, "best", "n", "difference", "low", "high", "p_adjusted")
IMPROVABILITY = ("improvability", "improvability_low", "improvability_high")
PUBLISHED = (*KEY, "value", "note")
WORST_BEST = (*KEY, "worst_image", "worst", "best_image", "best")


def scores(plan: Plan, origins: Mapping[Cell, str]) -> Columns:
    """Return the scores of the tables, one row for each cell and metric.

    Args:
        plan: the experiment.
        origins: where the settings of each cell come from, see :func:`origins_of`.

    Raises:
        FileNotFoundError: a table is not there yet.
    """
    return Columns(SCORES, list(_scores(plan, origins)))


def origins_of(plan: Plan, runs: pd.DataFrame) -> dict[Cell, str]:
    """Return where the parameters of each cell or the settings of its solver come from.

    ``tuned`` where parameters were; else what the solver says of its settings, of most images if
    they differ: ``prior``, ``configuration``, ``tuned`` or ``default``; empty if there was none.
    """
    found: dict[Cell, str] = {}
    for (dataset, task, prior), own in runs.groupby(["dataset", "task", "prior"]):
        cell = Cell(str(dataset), str(task), str(prior))
        used = own.loc[own["solver_origin"] != "", "solver_origin"]
        origin = str(used.mode().iloc[0]) if len(used) else ""
        found[cell] = (
            "tuned" if cell.task in plan.tunings.targets(cell.task, cell.prior) else origin
        )
    return found


def published(rows: pd.DataFrame) -> Columns:
    """Return the published numbers among rows of scores."""
    return of_frame(rows[rows["source"] != "measured"], PUBLISHED)


def worst_and_best(plan: Plan, rows: pd.DataFrame) -> Columns:
    """Return the images that each prior restores worst and best, the first by name of equals.

    Args:
        plan: the experiment.
        rows: of scores.
    """
    own = rows[(rows["source"] == "measured") & rows["value"].notna()]
    parts = [pd.DataFrame(columns=list(WORST_BEST))]
    for metric, spec in plan.metrics.items():
        values = own[own["metric"] == metric].sort_values("image", ignore_index=True)
        if spec.higher_is_better is None or values.empty:
            continue
        groups = values.groupby(KEY)["value"]
        low, high = values.loc[groups.idxmin()], values.loc[groups.idxmax()]
        worst, best = (low, high) if spec.higher_is_better else (high, low)
        columns = {"image": "worst_image", "value": "worst"}
        part = worst[[*KEY, *columns]].rename(columns=columns).reset_index(drop=True)
        part["best_image"], part["best"] = best["image"].to_numpy(), best["value"].to_numpy()
        parts.append(part)
    return of_frame(pd.concat(parts[1:] or parts), WORST_BEST)


def _scores(plan: Plan, origins: Mapping[Cell, str]) -> Iterator[list[Any]]:
    for metric in plan.metrics:
        with plan.layout.table(metric, "csv").open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["source"] == "measured"]
        for row in rows:
            for task in plan.tasks:
                cell = Cell(row["dataset"], task, row["prior"])
                yield [
                    cell.dataset,
                    task,
                    metric,
                    cell.prior,
                    number(row[f"{task}_n"]),
                    number(row[f"{task}_n_failed"]),
                    number(row[task]),
                    number(row[f"{task}_low"]),
                    number(row[f"{task}_high"]),
                    row[f"{task}_status"],
                    row[f"{task}_mark"],
                    origins.get(cell, ""),
                ]
