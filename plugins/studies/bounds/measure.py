"""The bounds of each image, beside what the priors reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from priorbench.numerics.patches import PatchSet, draw_patches
from priorbench.problem import Problem
from priorbench.studies import Experiment
from priorbench.studies.denoising import gaussian_denoising
from priorbench.studies.tables import frame
from priorbench.types import Image, Patches

from .clairvoyant import clairvoyant
from .neighbours import bound

SIDES = (3, 5, 7, 9)
"""Sides of the windows in pixels."""
EXAMPLES = 200_000
"""Windows of the training images."""
WINDOWS = 400
"""Windows of a test image."""
IN_A_BATCH = 20_000


class Whole(NamedTuple):
    """The clairvoyant filter on an image.

    Args:
        dataset: of the image.
        task: Gaussian denoising.
        sigma: σ of its noise, on [0, 1].
        image: its name.
        clairvoyant: PSNR in dB.
    """

    dataset: str
    task: str
    sigma: float
    image: str
    clairvoyant: float


class Windows(NamedTuple):
    """Bounds from windows of one size of an image; see :class:`.neighbours.Bound`."""

    dataset: str
    task: str
    sigma: float
    image: str
    side: int
    reached: float
    least: float
    share: float


class Measured(NamedTuple):
    """Tables of :class:`Whole` and :class:`Windows`."""

    whole: pd.DataFrame
    windows: pd.DataFrame


def measure(experiment: Experiment) -> Measured:
    """Return the bounds of all images with white Gaussian noise.

    Windows are taken of gray images alone, and only where a prior has learned from images, whose
    windows are the examples.
    """
    examples = _examples(experiment)
    whole: list[Whole] = []
    windows: list[Windows] = []
    for dataset in experiment.catalogue.datasets:
        for task, sigma, pairs in gaussian_denoising(experiment, dataset):
            for image, (problem, clean) in pairs.items():
                best = clairvoyant(problem.y, clean, sigma)
                names = (dataset, task, sigma, image)
                whole.append(Whole(*names, experiment.psnr(task, best, clean)))
                windows += (
                    Windows(*names, side, *bound(true, seen, known.batches(IN_A_BATCH), sigma))
                    for side, known in examples.items()
                    for true, seen in _pairs_of_windows(problem, clean, side)
                )
    return Measured(frame(Whole, whole), frame(Windows, windows))


def _examples(experiment: Experiment) -> Mapping[int, PatchSet]:
    """Return windows of the images that a mixture learned from, else the first prior, by side."""
    learned = experiment.fitted("gmm") or list(experiment.training)
    images = list(experiment.training_images(learned[0]).values()) if learned else []
    generator = torch.Generator().manual_seed(0)
    # None is held out: those that are measured come from other images.
    return {
        side: draw_patches(images, side, EXAMPLES, 0.0, generator)[0]
        for side in SIDES
        if any(min(image.shape[-2:]) >= side for image in images)
    }


def _pairs_of_windows(
    problem: Problem, clean: Image, side: int
) -> Iterator[tuple[Patches, Patches]]:
    """Yield windows of a gray image and of its noisy version, at the same places, if it has any."""
    _, channels, height, width = clean.shape
    if channels != 1 or min(height, width) < max(SIDES):
        return
    # All sizes of windows have the same middles.
    margin, generator = max(SIDES) // 2, torch.Generator().manual_seed(0)
    rows, columns = (
        torch.randint(margin, length - margin, (WINDOWS,), generator=generator)
        for length in (height, width)
    )
    yield _windows(clean[0, 0], rows, columns, side), _windows(problem.y[0, 0], rows, columns, side)


def _windows(plane: Tensor, rows: Tensor, columns: Tensor, side: int) -> Patches:
    """Return the windows of a plane around some pixels, N × side²."""
    reach = torch.arange(side) - side // 2
    return plane[rows[:, None, None] + reach[:, None], columns[:, None, None] + reach].flatten(1)
