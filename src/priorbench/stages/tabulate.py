"""Stage ``tabulate``: write the tables."""

from __future__ import annotations

from priorbench.monitor.remarks import remarks
from priorbench.plan import Plan
from priorbench.report.tables import write_tables
from priorbench.results.gather import read_table
from priorbench.results.planned import catalogue, catalogue_data
from priorbench.store.files import write_json


def tabulate(plan: Plan) -> None:
    """Write ``tables/<name>.csv``, ``.md``, ``.tex`` and ``.html`` for every metric, cost,
    failures, pairs and ranks, and ``catalogue.json``, what they are of.
    """
    layout = plan.layout
    scores = read_table(layout.result("scores"))
    runs = read_table(layout.result("runs"))
    folder = layout.table().parent
    write_tables(scores, runs, catalogue(plan), folder, remarks=remarks(plan, runs, scores))
    write_json(layout.catalogue(), catalogue_data(plan))
