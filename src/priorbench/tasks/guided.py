"""Denoising with a guide: a flash photograph of the same scene, in another light."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch

from priorbench.data.tensors import to_array, to_tensor
from priorbench.problem import Problem
from priorbench.tasks.base import refuse_mask
from priorbench.tasks.denoise import Denoise
from priorbench.tasks.masks import numpy_generator
from priorbench.types import Guide, Image, Observation, PixelMask

FAINT = 2 / 255
"""Standard deviation of the flash photograph's noise."""


class DenoiseGuided(Denoise):
    """White Gaussian noise, y = x + n, and a flash photograph of the scene as guide.

    The flash shows the edges that the dark photograph has lost in noise, but its light is not the
    one that is sought (Petschnigg et al. 2004, doi:10.1145/1015706.1015777; Ulyanov et al. 2018,
    doi:10.1109/CVPR.2018.00984).

    Args:
        sigma: standard deviation of the noise on the 0–255 scale.
    """

    guided = True

    def corrupt(self, image: Image, generator: torch.Generator) -> Problem:
        """Return y = x + n with a generated guide; see :func:`flash_photograph`."""
        problem = super().corrupt(image, generator)
        return replace(problem, guide=flash_photograph(image, numpy_generator(generator)))

    def observe(
        self, image: Observation, mask: PixelMask | None = None, guide: Guide | None = None
    ) -> Problem:
        """Return the noisy image and its ``guide``, 1 × 1 or 3 × H × W, as a problem."""
        refuse_mask(mask, "denoise-guided")
        if guide is None:
            raise ValueError(
                "an observed image needs a guide: "
                "a flash photograph of the same scene, of the same size"
            )
        return replace(super().observe(image), guide=guide)


def flash_photograph(image: Image, generator: np.random.Generator) -> Image:
    """Return a flash photograph of the scene of ``image``: the same edges in another light.

    It is (c ⊙ g ⊙ s ⊙ x)^γ + n, clipped to [0, 1]. g = exp(0.15 f) / (1 + 3d²) is the flash, d the
    distance from its centre in diagonals of the image, f a smooth Gaussian field; s is one or two
    shadows that only the flash throws, polygons with soft edges; c = (r, 1, 1/r), r < 1, takes the
    warmth of the lamps from colour images; γ < 1 is the tone curve that lights up what was dark; n
    is faint noise.

    Args:
        image: x, 1 × C × H × W.
        generator: randomness.

    Returns:
        an image of the shape of ``image``.
    """
    x = to_array(image).clip(min=0).astype(np.float64)
    height, width, channels = x.shape
    light = _flash(height, width, generator)
    for _ in range(generator.integers(1, 3)):
        light *= 1 - generator.uniform(0.4, 0.7) * _shadow(height, width, generator)
    relit = x * light[:, :, None]
    if channels == 3:
        warmth = generator.uniform(0.75, 0.92)
        # Lamps are redder than a flash: less red, more blue.
        relit *= [warmth, 1, 1 / warmth]
    flash = relit ** generator.uniform(0.6, 0.8) + FAINT * generator.standard_normal(x.shape)
    return to_tensor(flash.clip(0, 1))


def _flash(height: int, width: int, generator: np.random.Generator) -> np.ndarray:
    """Return the light of a flash, H × W: a fall-off from a random centre, slightly uneven."""
    # Slow to import, and jobs that restore import every task but make no flash.
    from skimage.transform import resize

    rows, columns = np.ogrid[:height, :width]
    row, column = generator.uniform(0.25, 0.75, 2) * (height, width)
    # Squared distance from the centre of the light, in diagonals.
    square = ((rows - row) ** 2 + (columns - column) ** 2) / (height**2 + width**2)
    uneven = resize(generator.standard_normal((4, 4)), (height, width), order=3)
    light: np.ndarray = np.exp(0.15 * uneven) / (1 + 3 * square)
    return light


def _shadow(height: int, width: int, generator: np.random.Generator) -> np.ndarray:
    """Return the depth of a shadow, H × W on [0, 1]: a random polygon with a soft edge."""
    from scipy.ndimage import gaussian_filter
    from skimage.draw import polygon2mask

    side = min(height, width)
    corners = generator.integers(3, 7)
    # Jitter of less than a step keeps the corners in order.
    angle = 2 * math.pi * (np.arange(corners) + generator.uniform(0, 0.7, corners)) / corners
    radius = generator.uniform(0.15, 0.35, corners)[:, None] * side
    centre = generator.uniform(0.1, 0.9, 2) * (height, width)
    polygon = polygon2mask(
        (height, width), centre + radius * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    )
    depth: np.ndarray = gaussian_filter(
        polygon.astype(np.float64), generator.uniform(0.005, 0.02) * side
    )
    return depth
