"""Stage ``gather``: bring the rows of all jobs together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from priorbench.plan import Plan
from priorbench.plan.estimates import cost_key, task_key
from priorbench.results.gather import gathered, write_table
from priorbench.results.planned import published
from priorbench.results.schema import RUNS, SCORES
from priorbench.store.cell import cell_of
from priorbench.store.chunk import Chunk
from priorbench.store.files import read_json, read_rows, write_json
from priorbench.store.manifest import read_manifest
from priorbench.store.status import Status


def gather(plan: Plan) -> None:
    """Write ``runs.parquet``, ``scores.parquet``, the latter with published numbers that fit, and
    ``costs.json``.

    Raises:
        ValueError: the rows of a job can't be used, or restorations are missing or too many; the
            message names them.
    """
    layout, chunks = plan.layout, list(plan.all_chunks())
    runs = gathered([layout.runs(chunk) for chunk in chunks], RUNS)
    _check_complete(plan, chunks, runs)
    scores = gathered([layout.scores(chunk) for chunk in chunks], SCORES, published(plan))
    write_table(runs, layout.result("runs"))
    write_table(scores, layout.result("scores"))
    write_json(layout.costs(), _costs(plan, runs.to_pandas()))


def _check_complete(plan: Plan, chunks: Sequence[Chunk], runs: pa.Table) -> None:
    """Refuse rows of jobs whose restorations were grouped otherwise: some would be missing
    silently.
    """
    columns = [runs[name].to_pylist() for name in ("dataset", "task", "prior", "image")]
    found = set(zip(*columns, strict=True))
    planned = [
        (cell.dataset, cell.task, cell.prior, image)
        for chunk in chunks
        for cell, image in chunk.restorations()
    ]
    if found == set(planned):
        return
    for chunk in chunks:
        file = plan.layout.runs(chunk)
        own = sorted(f"{cell_of(row)}/{row['image']}" for row in read_rows(file))
        wanted = sorted(f"{cell}/{image}" for cell, image in chunk.restorations())
        if own != wanted:
            raise ValueError(
                f"{file} holds the restorations {', '.join(own)}, not {', '.join(wanted)}: "
                "remove it and run again; what is restored is kept"
            )


def _costs(plan: Plan, runs: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return seconds and megapixels (times channels) of the restorations of each prior, by task,
    and its training's seconds.

    Restorations that failed say nothing and are left out, as are priors that have no others.

    Args:
        plan: the experiment.
        runs: its rows, as :data:`priorbench.results.schema.RUNS`.
    """
    sizes = pd.DataFrame(
        [
            (dataset, task, image, math.prod(entry.shape) / 1e6)
            for dataset in plan.test
            for task in plan.tasks
            for image, entry in read_manifest(plan.layout.problems(dataset, task)).items()
            if entry.outcome.ok
        ],
        columns=["dataset", "task", "image", "megapixels"],
    )
    measured = runs[runs["status"].isin([Status.OK, Status.TIMEOUT]) & runs["seconds"].notna()]
    measured = measured.merge(sizes, on=["dataset", "task", "image"], validate="many_to_one")
    found: dict[str, dict[str, Any]] = {}
    for prior, rows in measured.groupby("prior"):
        chosen = plan.prior(str(prior))
        sums = rows.groupby("task")[["seconds", "megapixels"]].sum()
        training = read_json(plan.layout.training(chosen.id)) if chosen.spec.learns else {}
        found[cost_key(chosen)] = {
            "tasks": {
                task_key(plan.task(str(task))): took.to_dict() for task, took in sums.iterrows()
            },
            "training_seconds": training.get("seconds"),
        }
    return found
