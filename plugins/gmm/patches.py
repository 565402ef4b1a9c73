"""Patches drawn from images."""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch
from torch import Tensor

from priorbench.types import Image, Patches

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in ITU-R BT.601."""


def to_gray(image: Image) -> Tensor:
    """Return a 1 × C × H × W image as H × W; colour by the BT.601 weights.

    Raises:
        ValueError: the image has neither one nor three channels.
    """
    channels = image.shape[1]
    if channels == 1:
        return image[0, 0]
    if channels == 3:
        return torch.einsum("c,chw->hw", torch.tensor(LUMA, dtype=image.dtype), image[0])
    raise ValueError(f"training images must have 1 or 3 channels, not {channels}")


def draw_patches(images: Sequence[Image], size: int, count: int, generator: torch.Generator) -> Patches:
    """Return ``count`` different patches in random order, uniform over all positions of all images.

    All patches, where the images have fewer. Images smaller than a patch have none.

    Args:
        images: each 1 × C × H × W, of any sizes.
        size: side of a patch in pixels.
        count: how many patches.
        generator: randomness.

    Raises:
        ValueError: no image is as large as a patch.
    """
    gray = [image for image in map(to_gray, images) if min(image.shape) >= size]
    if not gray:
        sizes = ", ".join(f"{image.shape[-2]} × {image.shape[-1]}" for image in images) or "none at all"
        raise ValueError(f"no training image is as large as a {size} × {size} patch; the images: {sizes}")
    positions = [(image.shape[0] - size + 1) * (image.shape[1] - size + 1) for image in gray]
    total = sum(positions)
    # random.sample of a range needs memory for the draw only, whatever the number of positions.
    draw = random.Random(int(torch.randint(2**62, (), generator=generator)))
    drawn = torch.tensor(sorted(draw.sample(range(total), min(count, total))))
    offset = torch.arange(size)
    patches, first = [], 0
    for image, here in zip(gray, positions, strict=True):
        inside = drawn[(drawn >= first) & (drawn < first + here)] - first
        first += here
        columns = image.shape[1] - size + 1
        rows = (inside // columns)[:, None] + offset
        across = (inside % columns)[:, None] + offset
        patches.append(image[rows[:, :, None], across[:, None, :]].reshape(-1, size * size))
    return torch.cat(patches)[torch.randperm(len(drawn), generator=generator)]
