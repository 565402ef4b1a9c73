"""The Gaussian denoising tasks of an experiment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from priorbench.operators import Identity
from priorbench.problem import Problem
from priorbench.studies.experiment import Experiment
from priorbench.types import Image

__all__ = ["Denoising", "gaussian_denoising"]


class Denoising(NamedTuple):
    """A task with white Gaussian noise of one level, and nothing else, on every image.

    Attributes:
        task: its id.
        sigma: σ on [0, 1].
        pairs: the problem and the clean image of each image.
    """

    task: str
    sigma: float
    pairs: Mapping[str, tuple[Problem, Image]]


def gaussian_denoising(experiment: Experiment, dataset: str) -> Iterator[Denoising]:
    """Yield the Gaussian denoising tasks of an experiment, with the problems of a data set."""
    for task in experiment.catalogue.tasks:
        pairs = experiment.problems(dataset, task)
        sigmas = {_sigma(problem) for problem, _ in pairs.values()}
        # Noise of one known level on all images: no other task compares single patches.
        if len(sigmas) == 1 and (sigma := sigmas.pop()) > 0:
            yield Denoising(task, sigma, pairs)


def _sigma(problem: Problem) -> float:
    """Return σ of white Gaussian noise; 0 if anything else happened to the image."""
    white = isinstance(problem.linear_operator, Identity) and problem.peak is None
    return problem.sigma if white else 0.0
