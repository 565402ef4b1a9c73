"""Filters without a mean, and the image around an image."""

from __future__ import annotations

import numpy as np
import torch
from scipy.fft import dctn
from torch import Tensor

from priorbench.types import Planes

__all__ = ["cosines", "mirrored"]


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
    rows, columns = (_reflected(length, margin).to(planes.device) for length in planes.shape[1:])
    return planes.index_select(1, rows).index_select(2, columns)


def _reflected(length: int, margin: int) -> Tensor:
    """Return which of ``length`` positions lies at −margin … length + margin − 1."""
    place = torch.arange(-margin, length + margin).remainder(2 * length)
    return torch.minimum(place, 2 * length - 1 - place)
