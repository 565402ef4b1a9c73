"""What the priors of an experiment took, for the plans of later ones."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from priorbench.plan import Plan
from priorbench.plan.estimates import cost_key
from priorbench.store.files import read_json
from priorbench.store.manifest import read_manifest
from priorbench.store.status import Status


def costs(plan: Plan, runs: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return seconds and megapixels (times channels) of all restorations of each prior, and its training's seconds.

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
    told = runs[runs["status"].isin([Status.OK, Status.TIMEOUT]) & runs["seconds"].notna()]
    found: dict[str, dict[str, Any]] = {}
    for prior, rows in told.groupby("prior"):
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
