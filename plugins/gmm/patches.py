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


def draw_patches(
    images: Sequence[Image], size: int, count: int, held_out: float, generator: torch.Generator
) -> tuple[Patches, Patches]:
    """Return training patches and held-out patches, uniform over all positions of all images, each position once.

    The held-out ones depend on the images and the numbers only, not on the generator: models of different
    parameters and seeds are measured on the same patches, because the likelihood varies far more between
    patches than between good models. Images smaller than a patch have none.

    Args:
        images: each 1 × C × H × W, of any sizes.
        size: side of a patch in pixels.
        count: training patches; fewer where the images have fewer.
        held_out: held-out patches as a fraction of the training patches.
        generator: randomness.

    Raises:
        ValueError: an image has neither one nor three channels, or no image is as large as a patch.
    """
    gray = [image for image in map(to_gray, images) if min(image.shape) >= size]
    if not gray:
        sizes = ", ".join(f"{image.shape[-2]} × {image.shape[-1]}" for image in images) or "none at all"
        raise ValueError(f"no training image is as large as a {size} × {size} patch; the images: {sizes}")
    total = sum((image.shape[0] - size + 1) * (image.shape[1] - size + 1) for image in gray)
    training = min(count, int(total / (1 + held_out)))
    measured = max(1, round(held_out * training))
    # random.sample of a range needs memory for the draw only, whatever the number of positions.
    measuring = set(random.Random(0).sample(range(total), measured))
    draw = random.Random(int(torch.randint(2**62, (), generator=generator)))
    drawn = [place for place in draw.sample(range(total), min(total, training + measured)) if place not in measuring]
    return _extract(gray, size, drawn[:training]), _extract(gray, size, list(measuring))


def _extract(images: Sequence[Tensor], size: int, places: Sequence[int]) -> Patches:
    """Return the patches at ``places``, counted row by row through all images (H × W), in that order."""
    remaining = torch.tensor(sorted(places), dtype=torch.long)
    offset = torch.arange(size)
    patches = [images[0].new_empty(0, size * size)]
    for image in images:
        rows, columns = image.shape[0] - size + 1, image.shape[1] - size + 1
        inside, remaining = remaining[remaining < rows * columns], remaining[remaining >= rows * columns]
        remaining = remaining - rows * columns
        top = (inside // columns)[:, None] + offset
        left = (inside % columns)[:, None] + offset
        patches.append(image[top[:, :, None], left[:, None, :]].reshape(-1, size * size))
    return torch.cat(patches)
