"""Easy images: smooth with one edge, of any size, so that any prior should do well on them."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.types import Image

SIDE = (40, 48)
"""Rows and columns where nothing else is asked for: more than a patch, and no square."""
TRAINING_SIDE = 96
TRAINING_COUNT = 6
TINTS = (1.0, 0.8, 0.6)
"""Contrast of the colour channels."""


def easy_image(height: int = SIDE[0], width: int = SIDE[1], channels: int = 1) -> Image:
    """Return a ramp from top to bottom with a step at the middle column, 1 × C × H × W.

    Its values lie between 0.35 and 0.65: noise of σ = 25/255 is stronger than its contrast, so
    that anything sensible is better than nothing.

    Args:
        height: rows.
        width: columns.
        channels: 1 or 3.
    """
    ramp = torch.linspace(-0.05, 0.05, height)[:, None].expand(height, width)
    step = torch.where(torch.arange(width) < (width + 1) // 2, -0.1, 0.1)
    plane = ramp + step
    return 0.5 + torch.stack([tint * plane for tint in TINTS[:channels]])[None]


def training_images() -> list[Image]:
    """Return parts of scikit-image's photograph of a cameraman, 1 × 1 × 96 × 96 each."""
    places = [(0, 0), (0, 300), (300, 0), (300, 300), (150, 400), (400, 150)]
    return [photograph(row, column, TRAINING_SIDE) for row, column in places[:TRAINING_COUNT]]


def photograph(row: int, column: int, side: int) -> Image:
    """Return a part of the photograph of a cameraman, 1 × 1 × side × side."""
    from skimage.data import camera

    part = camera()[row : row + side, column : column + side]
    return torch.from_numpy(part / 255).float()[None, None]


def mean_squared_error(image: Tensor, other: Tensor) -> float:
    """Return the mean of the squared differences."""
    return float((image.double() - other.double()).square().mean())
