"""Patches of an image, estimated one by one and averaged where they overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from priorbench.types import Patches, Plane

__all__ = [
    "average_everywhere",
    "average_on_grid",
]

PATCHES_IN_A_BATCH = 1 << 16


def average_everywhere(
    image: Plane, size: int, estimate: Callable[[Patches], Patches], average: Plane
) -> Iterator[float]:
    """Average the estimates of all overlapping patches; yield the fraction done.

    Works on bands of rows, so that memory depends on the image's width only.

    Args:
        image: H × W.
        size: side of a patch.
        estimate: from patches to their estimates.
        average: H × W, overwritten.
    """
    height, width = image.shape
    rows, columns = height - size + 1, width - size + 1
    # A band is whole rows of patches.
    band = max(1, PATCHES_IN_A_BATCH // columns)
    average.zero_()
    for top in range(0, rows, band):
        count = min(band, rows - top)
        windows = image[top : top + count + size - 1].unfold(0, size, 1).unfold(1, size, 1)
        estimates = estimate(windows.reshape(-1, size * size))
        # One addition for each pixel of a patch, on planes in order: torch's fold takes four times
        # as long.
        for pixel, plane in enumerate(estimates.mT.contiguous().view(-1, count, columns)):
            row, column = divmod(pixel, size)
            average[top + row : top + row + count, column : column + columns] += plane
        yield (top + count) / rows
    average /= (_coverage(height, size)[:, None] * _coverage(width, size)).to(average)


def average_on_grid(
    image: Plane,
    size: int,
    stride: int,
    estimate: Callable[[Patches], Patches],
    average: Plane,
    generator: torch.Generator,
) -> Iterator[float]:
    """Average the estimates of the patches on a jittered grid; yield the fraction done.

    Of each stride² patches one is estimated, another one at each call: the errors of a sparse grid,
    which are largest where patches end, average out over the iterations of a solver. Parameswaran
    et al. 2019, doi:10.1109/TCI.2018.2845140.

    Args:
        image: H × W.
        size: side of a patch.
        stride: rows and columns from one patch to the next, before the jitter.
        estimate: from patches to their estimates.
        average: H × W, overwritten.
        generator: randomness of the jitter.
    """
    height, width = image.shape
    top, left = jittered_grid(height, width, size, stride, generator)
    offset = torch.arange(size)
    inside = (offset[:, None] * width + offset).flatten()
    total, weight = image.new_zeros(height * width), image.new_zeros(height * width)
    corners = torch.split(top * width + left, PATCHES_IN_A_BATCH)
    for number, corner in enumerate(corners):
        pixels = (corner[:, None] + inside).to(image.device)
        estimates = estimate(image.flatten()[pixels])
        total.index_add_(0, pixels.flatten(), estimates.flatten())
        weight.index_add_(0, pixels.flatten(), torch.ones_like(estimates).flatten())
        yield (number + 1) / len(corners)
    average.copy_((total / weight).view(height, width))


def jittered_grid(
    height: int, width: int, size: int, stride: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return the first row and column of each patch of a grid that is jittered.

    Each patch is moved at random, as far as no pixel is left out.

    Args:
        height: of the image.
        width: of the image.
        size: side of a patch.
        stride: rows and columns between patches, from 1 to ``size``.
        generator: randomness.
    """
    rows, columns = (
        torch.tensor([*range(0, length - size, stride), length - size])
        for length in (height, width)
    )
    # Neighbours that move apart by 2 · reach still touch.
    reach = (size - stride) // 2
    moves = torch.randint(-reach, reach + 1, (2, len(rows), len(columns)), generator=generator)
    # Along the border nothing else covers the outermost pixels.
    moves[0, [0, -1]] = 0
    moves[1, :, [0, -1]] = 0
    top = (rows[:, None] + moves[0]).clamp(0, height - size)
    left = (columns + moves[1]).clamp(0, width - size)
    return top.flatten(), left.flatten()


def _coverage(length: int, size: int) -> Tensor:
    """Return how many windows of ``size`` cover each of ``length`` positions."""
    position = torch.arange(length)
    first = (position - size + 1).clamp(min=0)
    last = position.clamp(max=length - size)
    return (last - first + 1).float()
