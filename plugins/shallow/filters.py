"""Filters without a mean, and the image around an image."""

from __future__ import annotations

import numpy as np
import torch
from scipy.fft import dctn
from torch import Tensor

from priorbench.numerics.reflection import reflected
from priorbench.types import Planes

__all__ = ["cosines", "folded_back", "mirrored"]


def cosines(size: int) -> Tensor:
    """Return the cosines of a patch but for the constant one, (s² − 1) × s², orthonormal."""
    impulses = np.eye(size**2).reshape(-1, size, size)
    # The transform of an impulse at a pixel holds the value of every cosine there.
    values = dctn(impulses, axes=(1, 2), norm="ortho").reshape(size**2, size**2)
    return torch.from_numpy(values.T[1:].copy()).float()


def mirrored(planes: Planes, margin: int) -> Planes:
    """Return planes with a margin in which they are reflected at their borders, again and again
    where they are smaller than the margin.

    Args:
        planes: P × H × W.
        margin: rows and columns on each side.
    """
    return reflected(reflected(planes, 1, margin, margin), 2, margin, margin)


def folded_back(planes: Planes, margin: int) -> Planes:
    """Return the adjoint of :func:`mirrored`: what lies in the margin is added where it came from.

    Args:
        planes: P × (H + 2m) × (W + 2m).
        margin: m.
    """
    height, width = (length - 2 * margin for length in planes.shape[1:])
    rows, columns = (
        reflected(torch.arange(length, device=planes.device), 0, margin, margin)
        for length in (height, width)
    )
    narrow = planes.new_zeros(len(planes), planes.shape[1], width).index_add(2, columns, planes)
    return planes.new_zeros(len(planes), height, width).index_add(1, rows, narrow)
