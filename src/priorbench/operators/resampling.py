"""Resampling along one axis, as matrices."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor


def bicubic(t: Tensor) -> Tensor:
    """Return Keys' cubic with a = −1/2, zero from |t| = 2 on.

    Keys 1981, doi:10.1109/TASSP.1981.1163711.
    """
    t = t.abs()
    near = 1.5 * t**3 - 2.5 * t**2 + 1
    far = -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    return torch.where(t <= 1, near, torch.where(t < 2, far, torch.zeros_like(t)))


def lanczos2(t: Tensor) -> Tensor:
    """Return sinc(t) sinc(t/2), zero from |t| = 2 on."""
    return torch.where(t.abs() < 2, torch.sinc(t) * torch.sinc(t / 2), torch.zeros_like(t))


def area(t: Tensor) -> Tensor:
    """Return the box of width 1, half as high at its ends."""
    return (t.abs() < 0.5).to(t.dtype) + 0.5 * (t.abs() == 0.5).to(t.dtype)


KERNELS: dict[str, tuple[Callable[[Tensor], Tensor], float]] = {
    "bicubic": (bicubic, 4.0),
    "lanczos2": (lanczos2, 4.0),
    "area": (area, 1.0),
}
"""Each kernel with its width, both in pixels of the coarser grid."""


def resampling_matrix(
    length: int, new_length: int, kernel: str = "bicubic", shift: float = 0.0
) -> Tensor:
    """Return the matrix, new_length × length, that resamples a row of pixels.

    As MATLAB's ``imresize``: the pixels' centres keep their places, the kernel is widened when the
    row gets shorter, against aliasing, the row continues symmetrically beyond its ends, and the
    weights sum to 1.

    Args:
        length: pixels of the row.
        new_length: pixels of the resampled row.
        kernel: ``bicubic``, ``lanczos2`` or ``area``.
        shift: added to the positions where the row is sampled, in its pixels.

    Returns:
        float64.
    """
    function, width = KERNELS[kernel]
    scale = new_length / length
    # Shrinking widens the kernel, enlarging does not narrow it.
    stretch = min(scale, 1.0)
    centre = (torch.arange(new_length, dtype=torch.float64) + 0.5) / scale - 0.5 + shift
    # One more on each side than the kernel reaches from any centre.
    reach = math.ceil(width / stretch / 2) + 1
    position = centre.floor()[:, None] + torch.arange(-reach, reach + 1)
    weight = function((centre[:, None] - position) * stretch)
    weight /= weight.sum(dim=1, keepdim=True)
    # Reflection about the outer edges of the first and the last pixel, as often as needed.
    folded = position.long() % (2 * length)
    index = torch.minimum(folded, 2 * length - 1 - folded)
    return torch.zeros(new_length, length, dtype=torch.float64).scatter_add_(1, index, weight)
