"""The bounds of each image, beside what the priors reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from priorbench.numerics.patches import PatchSet, draw_patches
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
                if not _has_windows(clean):
                    continue
                # All sizes of windows have the same middles.
                middles = _middles(*clean.shape[2:])
                for side, known in examples.items():
                    true, seen = (_around(image, middles, side) for image in (clean, problem.y))
                    found = bound(true, seen, known.batches(IN_A_BATCH), sigma)
                    windows.append(Windows(*names, side, *found))
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


def _has_windows(image: Image) -> bool:
    """Return whether an image is gray and large enough for the largest windows."""
    return image.shape[1] == 1 and min(image.shape[2:]) >= max(SIDES)


def _middles(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return rows and columns of pixels whose largest windows lie inside the image."""
    margin, generator = max(SIDES) // 2, torch.Generator().manual_seed(0)
    return (
        torch.randint(margin, height - margin, (WINDOWS,), generator=generator),
        torch.randint(margin, width - margin, (WINDOWS,), generator=generator),
    )


def _around(image: Image, middles: tuple[Tensor, Tensor], side: int) -> Patches:
    """Return the windows of a gray image around some pixels, N × side²."""
    rows, columns = (each[:, None, None] for each in middles)
    reach = torch.arange(side) - side // 2
    return image[0, 0, rows + reach[:, None], columns + reach].flatten(1)
