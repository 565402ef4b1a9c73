"""Restorations with other settings of the splitting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.results import Results
from priorbench.solvers import restore
from priorbench.solvers.continuation import regime
from priorbench.specs.solver_settings import SolverSettings
from priorbench.types import Image

from .variations import AS_RUN, VARIATIONS, varied

IMAGES = 8
"""How many images of each data set are looked at, from the first on."""
COLUMNS = ("dataset", "task", "image", "prior", "variation", "psnr")


def measure(results: Results) -> pd.DataFrame:
    """Return the PSNR in dB of each prior with each variation, on tasks where anything was split.

    A prior without a splitting has the same PSNR in each variation. An image that a prior did not restore is left out
    for all priors.
    """
    priors = list(results.catalogue.priors)
    rows: list[dict[str, Any]] = []
    for (dataset, task), scores in _complete(results, priors).items():
        ran = results.runs[(results.runs["dataset"] == dataset) & (results.runs["task"] == task)]
        split = set(ran.loc[ran["solver_origin"] != "", "prior"])
        if not split:
            continue
        chosen = scores.iloc[:IMAGES]
        problems = results.material.problems(dataset, task)
        pairs = {str(image): problems[str(image)] for image in chosen.index}
        for prior in chosen.columns:
            cell = {"dataset": dataset, "task": task, "prior": prior}
            own = chosen[prior]
            rows += [
                cell | {"image": image, "variation": AS_RUN, "psnr": own[image]} for image in pairs
            ]
            found = _varied(results, prior, task, pairs) if prior in split else {}
            rows += [
                cell
                | {
                    "image": image,
                    "variation": variation,
                    "psnr": found.get((variation, image), own[image]),
                }
                for variation in VARIATIONS
                for image in pairs
            ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _complete(results: Results, priors: list[str]) -> dict[tuple[str, str], pd.DataFrame]:
    """Return the PSNR of each data set and task, images × priors, of priors that restored as many as any."""
    found: dict[tuple[str, str], pd.DataFrame] = {}
    own = results.scores[results.scores["source"] == "measured"]
    for names, cell in own.groupby(["dataset", "task"], sort=False):
        values = cell.pivot(index="image", columns="prior", values="value")
        values = values.reindex(columns=[prior for prior in priors if prior in values])
        values = values.loc[:, values.notna().sum() == values.notna().sum().max()].dropna()
        if not values.empty:
            found[str(names[0]), str(names[1])] = values
    return found


def _varied(
    results: Results, prior: str, task: str, pairs: Mapping[str, tuple[Problem, Image]]
) -> dict[tuple[str, str], float]:
    """Return the PSNR of each variation and image; empty if nothing was split after all."""
    model = results.material.prior(prior)
    found: dict[tuple[str, str], float] = {}
    settings = results.material.solver(prior, task)
    first, _ = next(iter(pairs.values()))
    ran = restore(model, first, Context.seeded(0, solver=settings)).solver
    if ran is None:
        return {}
    for image, (problem, clean) in pairs.items():
        for variation in VARIATIONS:
            solver = SolverSettings(**{regime(problem): varied(ran, variation)})
            restored = restore(model, problem, Context.seeded(0, solver=solver)).image
            found[variation, image] = results.material.psnr(task, restored, clean)
    return found
