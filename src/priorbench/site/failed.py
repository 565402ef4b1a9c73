"""What failed, with the log that says more."""

from __future__ import annotations

from priorbench.plan import Plan
from priorbench.report.failure_table import FAILURE_COLUMNS
from priorbench.site.columns import Columns, read_columns
from priorbench.site.logs import Logs
from priorbench.store.cell import Cell

MOST = 1000
"""Rows of failures that the page gets: more of them, which are alike, would make it heavy."""


def failed(plan: Plan, logs: Logs) -> tuple[Columns, list[str]]:
    """Return the failures, and what must be said of them.

    Raises:
        FileNotFoundError: the table is not there yet.
    """
    path = plan.layout.table("failures", "csv")
    rows = read_columns(path, FAILURE_COLUMNS).rows
    found = [[*row, logs.of(Cell(row[0], row[2], row[3]), row[1], row[5])] for row in rows[:MOST]]
    remarks = []
    if len(rows) > MOST:
        remarks.append(
            f"The page lists the first {MOST} of {len(rows)} failures; tables/{path.name} has all, "
            "and the images say of each why there is none."
        )
    return Columns([*FAILURE_COLUMNS, "log"], found), remarks
