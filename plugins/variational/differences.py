"""Differences of neighbouring pixels, none across the border, and their transposes."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["derivative", "divergence", "gradient", "roughness", "transposed"]

ROWS, COLUMNS = -2, -1
"""Axes of an image: differences along the first compare rows."""


def derivative(x: Tensor, axis: int) -> Tensor:
    """Return x[i + 1] − x[i] along an axis, 0 at its end; as large as x."""
    result = torch.zeros_like(x)
    length = x.shape[axis] - 1
    torch.sub(
        x.narrow(axis, 1, length), x.narrow(axis, 0, length), out=result.narrow(axis, 0, length)
    )
    return result


def transposed(p: Tensor, axis: int) -> Tensor:
    """Return Dᵀp with D the :func:`derivative`: each difference acts on both of its pixels."""
    length = p.shape[axis] - 1
    inner = p.narrow(axis, 0, length)
    result = torch.zeros_like(p)
    result.narrow(axis, 1, length).copy_(inner)
    result.narrow(axis, 0, length).sub_(inner)
    return result


def gradient(x: Tensor) -> Tensor:
    """Return ∇x: the derivatives along rows and columns, stacked in front, 2 × … × H × W."""
    return torch.stack((derivative(x, ROWS), derivative(x, COLUMNS)))


def divergence(p: Tensor) -> Tensor:
    """Return ∇ᵀp, the negative divergence, of p of 2 × … × H × W."""
    return transposed(p[0], ROWS) + transposed(p[1], COLUMNS)


def roughness(height: int, width: int) -> Tensor:
    """Return the eigenvalues of ∇ᵀ∇ on a torus in the order of :func:`torch.fft.rfft2`."""
    rows = 2 - 2 * torch.cos(2 * torch.pi * torch.fft.fftfreq(height))
    columns = 2 - 2 * torch.cos(2 * torch.pi * torch.fft.rfftfreq(width))
    return rows[:, None] + columns
