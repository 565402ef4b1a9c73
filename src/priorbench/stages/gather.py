"""Stage ``gather``: bring the rows of all jobs together, first for each prior, then for all."""

from __future__ import annotations

from priorbench.plan import Plan
from priorbench.results.gather import gather_chunks, gather_parts, read_table
from priorbench.results.schema import RUNS, SCORES
from priorbench.stages.costs import costs
from priorbench.stages.results import published
from priorbench.store.files import read_rows, write_json


def gather_prior(plan: Plan, prior: str) -> None:
    """Write ``gathered/runs/<prior>.parquet`` and ``gathered/scores/<prior>.parquet``.

    Raises:
        ValueError: the rows of a job can't be used, or images are missing or too many; the message names them.
    """
    layout = plan.layout
    _check_complete(plan, prior)
    for kind, table, path in (("runs", RUNS, layout.runs), ("scores", SCORES, layout.scores)):
        files = plan.job_files(path, [plan.prior(prior).id])
        gather_chunks(files, table, layout.gathered(kind, prior))


def _check_complete(plan: Plan, prior: str) -> None:
    """Refuse rows of jobs whose images were grouped otherwise: some would be missing silently."""
    for cell in plan.cells([prior]):
        for chunk, images in enumerate(plan.chunks(cell.dataset, prior)):
            runs = plan.layout.runs(cell, chunk)
            found = [row["image"] for row in read_rows(runs)]
            if sorted(found) != sorted(images):
                raise ValueError(
                    f"{runs} holds the images {', '.join(found)}, not {', '.join(images)}: "
                    "remove it and run again; what is restored is kept"
                )


def gather_all(plan: Plan) -> None:
    """Write ``runs.parquet``, ``scores.parquet``, the latter with published numbers that fit, and ``costs.json``."""
    layout = plan.layout
    for kind, table, extra in (("runs", RUNS, []), ("scores", SCORES, published(plan))):
        files = [layout.gathered(kind, prior) for prior in plan.priors]
        gather_parts(files, table, layout.result(kind), extra)
    write_json(layout.costs(), costs(plan, read_table(layout.result("runs"))))
