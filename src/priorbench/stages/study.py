"""Stage ``study``: a table and a figure that answer a question about the results."""

from __future__ import annotations

from pathlib import Path

from priorbench.files import write_atomically
from priorbench.plan import Plan
from priorbench.report.figures.style import save
from priorbench.stages.results import read_results


def study(plan: Plan, name: str) -> None:
    """Write ``studies/<name>.csv``, ``.svg`` and ``.png``."""
    table, figure = plan.study(name).load()(read_results(plan))
    save(figure, Path(plan.layout.study(name, "svg")))
    write_atomically(Path(plan.layout.study(name, "csv")), table.to_csv(index=False))
