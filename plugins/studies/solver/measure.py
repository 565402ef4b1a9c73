"""Restorations with other settings of the splitting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.solvers import restore
from priorbench.solvers.continuation import regime
from priorbench.specs.solver_settings import SolverSettings
from priorbench.studies import Experiment
from priorbench.studies.tables import frame, select
from priorbench.types import Image

from .variations import AS_RUN, VARIATIONS, varied

IMAGES = 8
"""How many images of each data set are looked at, from the first on."""


class Row(NamedTuple):
    """What was measured: the PSNR in dB."""

    dataset: str
    task: str
    image: str
    prior: str
    variation: str
    psnr: float


def measure(experiment: Experiment) -> pd.DataFrame:
    """Return rows of each prior with each variation, on tasks where anything was split.

    A prior without a splitting has the same PSNR in each variation. Priors that restored fewer
    images than others are left out.
    """
    rows: list[Row] = []
    for (dataset, task), scores in experiment.by_image("psnr").items():
        ran = select(experiment.runs, dataset=dataset, task=task)
        split = set(ran.loc[ran["solver_origin"] != "", "prior"])
        # Means over different images can't be compared.
        counts = scores.notna().sum()
        chosen = scores.loc[:, counts == counts.max()].dropna().iloc[:IMAGES]
        if chosen.empty or not split:
            continue
        problems = experiment.problems(dataset, task)
        pairs = {str(image): problems[str(image)] for image in chosen.index}
        for prior in map(str, chosen.columns):
            own = chosen[prior]
            found = _varied(experiment, prior, task, pairs) if prior in split else {}
            for variation in (AS_RUN, *VARIATIONS):
                for image in pairs:
                    psnr = found.get((variation, image), own[image])
                    rows.append(Row(dataset, task, image, prior, variation, psnr))
    return frame(Row, rows)


def _varied(
    experiment: Experiment, prior: str, task: str, pairs: Mapping[str, tuple[Problem, Image]]
) -> dict[tuple[str, str], float]:
    """Return the PSNR of each variation and image; empty if nothing was split after all."""
    model = experiment.prior(prior)
    settings = experiment.solver(prior, task)
    first, _ = next(iter(pairs.values()))
    # What the settings leave open is known from a restoration only.
    ran = restore(model, first, Context.seeded(0, solver=settings)).solver
    if ran is None:
        return {}
    found: dict[tuple[str, str], float] = {}
    for image, (problem, clean) in pairs.items():
        for variation in VARIATIONS:
            solver = SolverSettings(**{regime(problem): varied(ran, variation)})
            restored = restore(model, problem, Context.seeded(0, solver=solver)).image
            found[variation, image] = experiment.psnr(task, restored, clean)
    return found
