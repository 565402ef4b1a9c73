"""Stage ``gather``: bring the rows of all jobs together, first for each prior, then for all."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from priorbench.plan import Plan
from priorbench.plan.estimates import cost_key
from priorbench.results.gather import gather_chunks, gather_parts, read_table
from priorbench.results.planned import published
from priorbench.results.schema import RUNS, SCORES
from priorbench.store.files import read_json, read_rows, write_json
from priorbench.store.manifest import read_manifest
from priorbench.store.status import Status


def gather_prior(plan: Plan, prior: str) -> None:
    """Write ``gathered/runs/<prior>.parquet`` and ``gathered/scores/<prior>.parquet``.

    Raises:
        ValueError: the rows of a job can't be used, or images are missing or too many; the
            message names them.
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
    """Write ``runs.parquet``, ``scores.parquet``, the latter with published numbers that fit, and
    ``costs.json``.
    """
    layout = plan.layout
    for kind, table, extra in (("runs", RUNS, []), ("scores", SCORES, published(plan))):
        files = [layout.gathered(kind, prior) for prior in plan.priors]
        gather_parts(files, table, layout.result(kind), extra)
    write_json(layout.costs(), _costs(plan, read_table(layout.result("runs"))))


def _costs(plan: Plan, runs: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return seconds and megapixels (times channels) of all restorations of each prior, and its
    training's seconds.

    Restorations that failed say nothing and are left out, as are priors that have no others.

    Args:
        plan: the experiment.
        runs: its rows, as :data:`priorbench.results.schema.RUNS`.
    """
    sizes = {
        (dataset, task, image): math.prod(entry.shape) / 1e6
        for dataset in plan.test
        for task in plan.tasks
        for image, entry in read_manifest(plan.layout.problems(dataset, task)).items()
        if entry.outcome.ok
    }
    measured = runs[runs["status"].isin([Status.OK, Status.TIMEOUT]) & runs["seconds"].notna()]
    found: dict[str, dict[str, Any]] = {}
    for prior, rows in measured.groupby("prior"):
        chosen = plan.prior(str(prior))
        keys = zip(rows["dataset"], rows["task"], rows["image"], strict=True)
        training = (
            read_json(plan.layout.training(chosen.id))["seconds"] if chosen.spec.learns else None
        )
        found[cost_key(chosen)] = {
            "seconds": float(rows["seconds"].sum()),
            "megapixels": math.fsum(sizes[key] for key in keys),
            "training_seconds": training,
        }
    return found
