"""What a person sees at the end of a run."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from priorbench.plan import Plan
from priorbench.report.tables import terminal_tables
from priorbench.results.gather import read_table
from priorbench.stages.results import catalogue


def print_summary(plan: Plan) -> None:
    """Print the scores, the failures, and where everything lies.

    Raises:
        ValueError: the experiment has no scores yet.
    """
    layout = plan.layout
    scores, runs = Path(layout.result("scores")), Path(layout.result("runs"))
    if not (scores.exists() and runs.exists()):
        raise ValueError(f"{scores} is missing: nothing has been gathered yet; run snakemake")
    console = Console(highlight=False)
    for table in terminal_tables(read_table(scores), read_table(runs), catalogue(plan)):
        console.print(table)
    for problem in plan.registry.problems:
        console.print(problem, style="red", markup=False)
    for what, path in (
        ("tables", Path(layout.table()).parent),
        ("figures", Path(layout.figure()).parent),
        ("all numbers", f"{scores}, {runs}"),
    ):
        console.print(f"{what}: {path}", soft_wrap=True)
    console.print(f"a report to share: snakemake --report {layout.report()}", soft_wrap=True)
