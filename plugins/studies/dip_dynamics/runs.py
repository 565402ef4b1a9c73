"""What the experiments share: their size, a run that is watched, and rows of the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from plugins.dip.parameters import DIPParameters
from plugins.dip.run import Build, Run, Step
from plugins.dip.stopping import LOOK
from priorbench.data.tensors import to_array
from priorbench.metrics.fidelity import psnr
from priorbench.numerics.threads import workers
from priorbench.operators import Mask
from priorbench.problem import Problem
from priorbench.tasks.denoise import Denoise
from priorbench.tasks.inpaint import Inpaint
from priorbench.types import Image

SIGMA = 25.0
"""Standard deviation of the noise, on the 0–255 scale."""
MISSING = 50.0
"""Percentage of the pixels that random inpainting has to find."""
HOLE = 5
"""A hole is this part of the image's side wide."""
FIRST = 10
"""Iterations of which each is recorded; later ones are at the looks of the stopping rules."""
PROBLEMS = ("denoising", "random inpainting", "hole inpainting")
DENOISING, PIXELS, HOLES = PROBLEMS
FIT = "fit"
"""What stands for the problem where a picture is fitted and nothing restored."""


@dataclass(frozen=True)
class Scale:
    """How much is computed.

    Args:
        size: side of the image in pixels, at most.
        iterations: of the curves.
        comparison: iterations of the restorations, at most.
        repeats: of each restoration from different weights, inputs and held-out pixels.
        runs: whose spread is measured, and which are averaged.
    """

    size: int = 96
    iterations: int = 400
    comparison: int = 200
    repeats: int = 2
    runs: int = 5


class Row(NamedTuple):
    """A row of the table.

    Args:
        part: the experiment.
        problem: of :data:`PROBLEMS`, or :data:`FIT`.
        curve: what is compared.
        iteration: that the value is from.
        quantity: with its unit, if it has one.
        value: the number.
    """

    part: str
    problem: str
    curve: str
    iteration: int
    quantity: str
    value: float


def start(
    problem: Problem, iterations: int, seed: int = 0, build: Build | None = None, **options: Any
) -> Run:
    """Return a run of the prior with these parameters, before its first iteration."""
    parameters = DIPParameters(**({"iterations": iterations} | options))
    return Run(parameters, problem, seed, torch.device("cpu"), build)


def descend(run: Run) -> Iterator[Step]:
    """Take all iterations, whatever the stopping rule says; yield those that are recorded."""
    last = run.parameters.iterations
    with workers(torch.get_num_threads()):
        for step in run.steps():
            if step.iteration <= FIRST or step.iteration % LOOK == 0 or step.iteration >= last:
                yield step
            if step.iteration >= last:
                return


def restore(run: Run) -> Image:
    """Return the estimate that the run's own stopping rule picks."""
    with workers(torch.get_num_threads()):
        for _ in run.fit():
            pass
    return run.estimate


def problem_of(name: str, image: Image) -> Problem:
    """Return a problem of :data:`PROBLEMS` made from an image; the same each time.

    The holes are four squares, in the middle of each quarter.
    """
    generator = torch.Generator().manual_seed(0)
    if name == DENOISING:
        return Denoise(SIGMA).corrupt(image, generator)
    if name == PIXELS:
        return Inpaint(MISSING).corrupt(image, generator)
    _, channels, height, width = image.shape
    known = torch.ones(channels, height, width, dtype=torch.bool)
    side = max(1, min(height, width) // HOLE)
    for row in (height // 4, 3 * height // 4):
        for column in (width // 4, 3 * width // 4):
            top, left = row - side // 2, column - side // 2
            known[:, top : top + side, left : left + side] = False
    operator = Mask(known)
    return Problem(operator.forward(image), operator, 0.0)


def quality(restored: Image, image: Image, problem: Problem) -> float:
    """Return the PSNR in dB, over the missing pixels if some are."""
    where = _missing(problem)
    if where is None:
        return psnr(to_array(restored), to_array(image))
    restored, image = (picture[0][where][None, None, None] for picture in (restored, image))
    return psnr(to_array(restored), to_array(image))


def without_prior(problem: Problem) -> Image:
    """Return the observation, with the mean of the known pixels in place of missing ones."""
    where = _missing(problem)
    return (
        problem.y if where is None else torch.where(where, problem.y[0][~where].mean(), problem.y)
    )


def _missing(problem: Problem) -> Tensor | None:
    operator = problem.linear_operator
    return ~operator.known if isinstance(operator, Mask) else None
