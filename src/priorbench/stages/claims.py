"""Stage ``claims``: bring the claims of all studies together in one table."""

from __future__ import annotations

from priorbench.plan import Plan
from priorbench.report.claims_table import write_claims_table
from priorbench.results.claims import read_claims


def claims(plan: Plan) -> None:
    """Write ``tables/claims.csv``, ``.md``, ``.tex`` and ``.html`` from ``studies/<study>.json``.

    Raises:
        ValueError: the experiment has no studies, or a study's file can't be used.
    """
    if not plan.studies:
        raise ValueError("the experiment has no studies, so there are no claims")
    files = [plan.layout.study(name, "json") for name in plan.studies]
    write_claims_table(read_claims(files), plan.layout.table().parent)
