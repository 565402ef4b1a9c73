"""Stage ``gather``: bring the rows of all jobs together, first for each prior, then for all."""

from __future__ import annotations

from pathlib import Path

from priorbench.plan import Plan
from priorbench.results.gather import gather_chunks, gather_parts
from priorbench.results.published import published_rows
from priorbench.results.schema import RUNS, SCORES


def gather_prior(plan: Plan, prior: str) -> None:
    """Write ``gathered/runs/<prior>.parquet`` and ``gathered/scores/<prior>.parquet``."""
    layout = plan.layout
    for kind, table, path in (("runs", RUNS, layout.runs), ("scores", SCORES, layout.scores)):
        files = [Path(name) for name in plan.chunk_files(path, plan.prior(prior).id)]
        gather_chunks(files, table, Path(layout.gathered(kind, prior)))


def gather_all(plan: Plan) -> None:
    """Write ``runs.parquet`` and ``scores.parquet``, the latter with the published numbers that fit."""
    layout = plan.layout
    published = published_rows(plan.experiment.experiment, plan.test, plan.tasks, plan.metrics)
    for kind, table, extra in (("runs", RUNS, []), ("scores", SCORES, published)):
        files = [Path(layout.gathered(kind, prior)) for prior in plan.priors]
        gather_parts(files, table, Path(layout.result(kind)), extra)
