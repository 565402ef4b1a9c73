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
from priorbench.results.planned import catalogue
from priorbench.results.statistics import summarise

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
        site: the page to browse them; None while there is none.
    """

    experiment: str
    gathered: bool
    scores: list[dict[str, Any]]
    failures: list[Failure]
    remarks: list[str]
    results: Path
    site: Path | None


def summary_data(plan: Plan) -> SummaryData:
    """Return what :func:`print_summary` prints."""
    scores, runs = plan.layout.result("scores"), plan.layout.result("runs")
    gathered = scores.exists() and runs.exists()
    rows: list[dict[str, Any]] = []
    remarked: list[str] = []
    if gathered:
        score_rows = read_table(scores)
        table = summarise(score_rows, plan.metrics)
        rows = [dict(zip(table.columns, row, strict=True)) for row in table.to_numpy().tolist()]
        remarked = remarks(plan, read_table(runs), score_rows)
    # The run is over: a log that has just grown is that of a job that has just ended.
    progress = Observer(plan, recent=0).look()
    failures = [*progress.failures, *lost_jobs(plan)]
    page = plan.layout.site().page()
    return SummaryData(
        plan.experiment.experiment,
        gathered,
        rows,
        failures,
        remarked,
        plan.layout.root,
        page if page.exists() else None,
    )


def print_summary(plan: Plan, data: SummaryData) -> None:
    """Print the scores, the failures with their logs, and the output paths.

    If nothing has been gathered yet, how far the run is stands in the place of the scores.

    Args:
        plan: the experiment.
        data: its result.
    """
    layout, console = plan.layout, Console(highlight=False)

    def say(text: str, style: str = "") -> None:
        console.print(text, style=style, markup=False, soft_wrap=True)

    scores, runs = layout.result("scores"), layout.result("runs")
    if data.gathered:
        names = catalogue(plan)
        for table in terminal_tables(read_table(scores), read_table(runs), names, console.width):
            console.print(table)
        for remark in data.remarks:
            say(remark, "yellow")
        if data.failures:
            say("failures and their logs:", "red")
        shown = data.failures
    else:
        # Its own failures are among what it prints.
        print_status(console, Observer(plan, recent=0).look())
        shown = list(lost_jobs(plan))
    for line in lines(shown):
        say(line)
    for problem in plan.registry.problems:
        say(problem, "red")
    # The logs, which lie on the same disk, can't say it.
    if layout.root.exists() and shutil.disk_usage(layout.root).free < FULL:
        say(f"the disk of {layout.root} is full", "red")
    if not data.gathered:
        say("nothing has been gathered yet; tables of what there is: priorbench tabulate --partial")
        return
    say(f"tables: {layout.table().parent}")
    say(f"figures: {layout.figure().parent}")
    say(f"all numbers: {scores}, {runs}")
    say(f"a report to share: snakemake --report {layout.report()}")
    if data.site:
        say(f"to browse all of it, open {data.site.absolute()}")
