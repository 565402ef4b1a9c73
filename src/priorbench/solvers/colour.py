"""Colour images for priors of gray patches: three opponent planes and their noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from priorbench.types import Image, Plane, Planes

__all__ = ["denoise_planes", "denoise_planes_together", "from_planes", "to_planes"]

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


def denoise_planes(image: Image, sigma: float, denoise: Callable[[Plane, float], Plane]) -> Image:
    """Return images whose planes are denoised one by one; RGB as its opponent planes.

    Args:
        image: B × C × H × W.
        sigma: of the noise in each channel.
        denoise: takes a plane, H × W, and the σ of its noise.
    """
    planes, scales = to_planes(image)
    results = [denoise(plane, sigma * scale) for plane, scale in zip(planes, scales, strict=True)]
    return from_planes(torch.stack(results), image.shape).contiguous()


def denoise_planes_together(
    image: Image, sigma: float, denoise: Callable[[Planes, Tensor], Planes]
) -> Image:
    """Return images whose planes are denoised, the opponent planes of an RGB image together.

    All other planes are images of their own.

    Args:
        image: B × C × H × W.
        sigma: of the noise in each channel.
        denoise: takes the planes of one image, P × H × W, the first its luma, and the σ of the
            noise in each, P.
    """
    planes, scales = to_planes(image)
    count = 3 if image.shape[1] == 3 else 1
    levels = planes.new_tensor([scale * sigma for scale in scales])
    parts = zip(torch.split(planes, count), torch.split(levels, count), strict=True)
    return from_planes(torch.cat([denoise(*part) for part in parts]), image.shape)
