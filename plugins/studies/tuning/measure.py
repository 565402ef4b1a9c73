"""Restorations with every combination of parameters that was tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.solvers import restore
from priorbench.studies import Experiment
from priorbench.studies.tables import frame
from priorbench.types import Image

IMAGES = 8
"""How many images of each data set are looked at, from the first on."""


class Row(NamedTuple):
    """PSNR in dB of an image with three choices of the parameters.

    Args:
        dataset: of the image.
        task: id of the task.
        image: its name.
        prior: id of the prior.
        combinations: how many were tried.
        default: with the parameters of the experiment, untuned.
        tuned: with those that the stage ``tune`` chose on training images.
        oracle: with those of the best mean over these images.
    """

    dataset: str
    task: str
    image: str
    prior: str
    combinations: int
    default: float
    tuned: float
    oracle: float


def measure(experiment: Experiment) -> pd.DataFrame:
    """Return a row for each image and prior whose parameters were tuned.

    All choices restore with the same splitting and seed, so that they differ in nothing else.
    """
    rows: list[Row] = []
    for (dataset, task), scores in experiment.by_image("psnr").items():
        problems: Mapping[str, tuple[Problem, Image]] = {}
        for prior in map(str, scores.columns):
            tried = experiment.tried(prior)
            restored = scores[prior].dropna().index[:IMAGES]
            if not tried or restored.empty:
                continue
            problems = problems or experiment.problems(dataset, task)
            pairs = {str(image): problems[str(image)] for image in restored}
            chosen, default = (
                {name: parameters[name] for name in tried[0]}
                for parameters in (experiment.tuned(prior, task), experiment.parameters[prior])
            )
            combinations = [default, *(each for each in tried if each != default)]
            found = [_psnr(experiment, prior, task, values, pairs) for values in combinations]
            best = max(found, key=lambda psnr: sum(psnr.values()))
            own = found[combinations.index(chosen)]
            rows += (
                Row(
                    dataset,
                    task,
                    image,
                    prior,
                    len(tried),
                    default=found[0][image],
                    tuned=own[image],
                    oracle=best[image],
                )
                for image in pairs
            )
    return frame(Row, rows)


def _psnr(
    experiment: Experiment,
    prior: str,
    task: str,
    values: Mapping[str, Any],
    pairs: Mapping[str, tuple[Problem, Image]],
) -> dict[str, float]:
    """Return the PSNR in dB of each image by a prior with these values of its parameters."""
    model, solver = experiment.prior(prior, values), experiment.solver(prior, task)
    return {
        image: experiment.psnr(
            task, restore(model, problem, Context.seeded(0, solver=solver)).image, clean
        )
        for image, (problem, clean) in pairs.items()
    }
