"""What a person sees at the end of a run."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from priorbench.monitor.failures import Failure, lines, lost_jobs
from priorbench.monitor.remarks import remarks
from priorbench.monitor.status import Observer
from priorbench.monitor.status_view import print_status
from priorbench.plan import Plan
from priorbench.report.tables import terminal_tables
from priorbench.results.gather import read_table
from priorbench.results.statistics import summarise
from priorbench.stages.results import catalogue

FULL = 1_000_000
"""Bytes: with less left nothing can be written."""


@dataclass(frozen=True)
class SummaryData:
    """The result of an experiment, for programs.

    Args:
        experiment: its name.
        gathered: whether all rows are there.
        scores: rows of :func:`priorbench.results.statistics.summarise`.
        failures: what failed, scores too, and jobs that ended without a result.
        remarks: what must be said of the rows.
        results: the folder.
    """

    experiment: str
    gathered: bool
    scores: list[dict[str, Any]]
    failures: list[Failure]
    remarks: list[str]
    results: Path


def summary_data(plan: Plan) -> SummaryData:
    """Return what :func:`print_summary` prints."""
    layout = plan.layout
    scores, runs = layout.result("scores"), layout.result("runs")
    gathered = scores.exists() and runs.exists()
    rows: list[dict[str, Any]] = []
    remarked: list[str] = []
    if gathered:
        score_rows = read_table(scores)
        table = summarise(score_rows, plan.metrics)
        rows = [dict(zip(table.columns, row, strict=True)) for row in table.to_numpy().tolist()]
        remarked = remarks(plan, read_table(runs), score_rows)
    failures = [*Observer(plan, recent=0).look().failures, *lost_jobs(plan)]
    return SummaryData(plan.experiment.experiment, gathered, rows, failures, remarked, layout.root)


def print_summary(plan: Plan) -> None:
    """Print the scores, the failures with their logs, and where everything lies.

    If nothing has been gathered yet, how far the run is stands in the place of the scores.
    """
    layout = plan.layout
    scores, runs = layout.result("scores"), layout.result("runs")
    gathered = scores.exists() and runs.exists()
    console = Console(highlight=False)
    # The run is over: a log that has just grown is that of a job that has just ended.
    status = Observer(plan, recent=0).look()
    if gathered:
        score_rows, run_rows = read_table(scores), read_table(runs)
        for table in terminal_tables(score_rows, run_rows, catalogue(plan), console.width):
            console.print(table)
        for remark in remarks(plan, run_rows, score_rows):
            console.print(remark, style="yellow", markup=False, soft_wrap=True)
        failed = list(status.failures)
    else:
        print_status(console, status)
        failed = []
    failed += lost_jobs(plan)
    if failed and gathered:
        console.print("what failed, and where it is told:", style="red")
    for line in lines(failed):
        console.print(line, markup=False, soft_wrap=True)
    for problem in plan.registry.problems:
        console.print(problem, style="red", markup=False)
    # The logs, which lie there as well, can't tell it.
    if layout.root.exists() and shutil.disk_usage(layout.root).free < FULL:
        console.print(
            f"the disk of {layout.root} is full", style="red", markup=False, soft_wrap=True
        )
    if not gathered:
        console.print(
            "nothing has been gathered yet; tables of what there is: priorbench tabulate --partial",
            soft_wrap=True,
        )
        return
    for what, path in (
        ("tables", layout.table().parent),
        ("figures", layout.figure().parent),
        ("all numbers", f"{scores}, {runs}"),
    ):
        console.print(f"{what}: {path}", soft_wrap=True)
    console.print(f"a report to share: snakemake --report {layout.report()}", soft_wrap=True)
