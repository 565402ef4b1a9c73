"""Colour images for priors of gray patches: three opponent planes and their noise."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from priorbench.types import Image, Planes

__all__ = ["from_planes", "to_planes"]

OPPONENT = ((1 / 3, 1 / 3, 1 / 3), (1 / 2, 0.0, -1 / 2), (1 / 4, -1 / 2, 1 / 4))
"""Mean, red against blue, green against both, on the scale of a gray image; rows are orthogonal.

Priors of gray patches restore them better than red, green and blue, whose edges they would have to
find three times: by 1.4 to 1.9 dB for a GMM at σ from 15 to 50 (``benchmarks/colour.py``).
"""


def to_planes(image: Image) -> tuple[Planes, Sequence[float]]:
    """Return the gray planes of images, N × H × W, and what each one's noise is multiplied by.

    An image of three channels becomes three opponent planes; any other its channels, unchanged.

    Args:
        image: B × C × H × W.
    """
    if image.shape[1] != 3:
        return image.flatten(0, 1).clone(), [1.0] * (image.shape[0] * image.shape[1])
    mix = image.new_tensor(OPPONENT)
    return torch.einsum("ij,bjhw->bihw", mix, image).flatten(0, 1), mix.norm(
        dim=1
    ).tolist() * image.shape[0]


def from_planes(planes: Planes, shape: Sequence[int]) -> Image:
    """Return the images, B × C × H × W = ``shape``, whose planes ``to_planes`` gave."""
    if shape[1] != 3:
        return planes.reshape(*shape)
    # The inverse of a 3 × 3 matrix costs nothing.
    inverse = torch.linalg.inv(planes.new_tensor(OPPONENT))
    return torch.einsum("ij,bjhw->bihw", inverse, planes.reshape(*shape))
