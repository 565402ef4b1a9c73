"""Stage ``tabulate``: write the tables."""

from __future__ import annotations

from priorbench.monitor.remarks import remarks
from priorbench.plan import Plan
from priorbench.report.tables import write_tables
from priorbench.results.gather import read_table
from priorbench.results.planned import catalogue


def tabulate(plan: Plan) -> None:
    """Write ``tables/<name>.csv``, ``.md``, ``.tex`` and ``.html`` for every metric, cost, failures
    and pairs.
    """
    layout = plan.layout
    scores = read_table(layout.result("scores"))
    runs = read_table(layout.result("runs"))
    folder = layout.table().parent
    write_tables(scores, runs, catalogue(plan), folder, remarks=remarks(plan, runs, scores))
