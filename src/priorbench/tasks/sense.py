"""Compressed sensing: the image is seen through fewer random projections than it has pixels."""

from __future__ import annotations

import torch

from priorbench.operators import RandomProjection
from priorbench.problem import Problem
from priorbench.tasks.base import Task, add_noise, shape_of
from priorbench.types import Image, Observation, PixelMask


class Sense(Task):
    """Random projections: y = S F (s ⊙ x) + n; see :class:`.RandomProjection`.

    Args:
        ratio: observations in percent of the pixels, rounded to a whole number.
        sigma: standard deviation of the noise on the 0–255 scale, in the units of orthonormal
            projections.
    """

    def __init__(self, ratio: float, sigma: float = 0) -> None:
        self.ratio, self.sigma = ratio / 100, sigma / 255

    def corrupt(self, image: Image, generator: torch.Generator) -> Problem:
        """Return y, 1 × C × 1 × M; all channels are seen through the same projections."""
        channels, height, width = shape_of(image)
        signs = torch.rand(height, width, generator=generator) < 0.5
        count = max(1, round(self.ratio * height * width))
        selected = torch.randperm(height * width, generator=generator)[:count].sort().values
        return add_noise(image, RandomProjection(signs, selected, channels), self.sigma, generator)

    def observe(self, image: Observation, mask: PixelMask | None = None) -> Problem:
        """Raise ValueError: a photograph is no set of projections."""
        raise ValueError(
            "the projections of compressed sensing can't be read from a photograph; "
            "leave out --observed"
        )
