"""Stage ``gather``: bring the rows of all jobs together, first for each prior, then for all."""

from __future__ import annotations

from pathlib import Path

from priorbench.files import write_json
from priorbench.plan import Plan
from priorbench.results.gather import gather_chunks, gather_parts, read_table
from priorbench.results.published import published_rows
from priorbench.results.schema import RUNS, SCORES
from priorbench.stages.costs import costs


def gather_prior(plan: Plan, prior: str) -> None:
    """Write ``gathered/runs/<prior>.parquet`` and ``gathered/scores/<prior>.parquet``."""
    layout = plan.layout
    for kind, table, path in (("runs", RUNS, layout.runs), ("scores", SCORES, layout.scores)):
        files = [Path(name) for name in plan.chunk_files(path, plan.prior(prior).id)]
        gather_chunks(files, table, Path(layout.gathered(kind, prior)))


def gather_all(plan: Plan) -> None:
    """Write ``runs.parquet``, ``scores.parquet``, the latter with published numbers that fit, and ``costs.json``."""
    layout = plan.layout
    published = published_rows(plan.experiment.experiment, plan.test, plan.tasks, plan.metrics)
    for kind, table, extra in (("runs", RUNS, []), ("scores", SCORES, published)):
        files = [Path(layout.gathered(kind, prior)) for prior in plan.priors]
        gather_parts(files, table, Path(layout.result(kind)), extra)
    write_json(Path(layout.costs()), costs(plan, read_table(Path(layout.result("runs")))))
