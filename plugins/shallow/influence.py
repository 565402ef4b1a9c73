"""Influence functions: sums of Gaussian bumps, read from tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

__all__ = ["BUMPS", "POINTS", "bumps", "fitted", "read"]

BUMPS = 63
"""Gaussians of a function."""
POINTS_BETWEEN = 4
POINTS = POINTS_BETWEEN * (BUMPS - 1) + 1
"""Points of a table, four for each distance of two bumps."""


def bumps(reach: float, at: Tensor) -> Tensor:
    r"""Return exp(−(z − μ_j)²/2γ²), B × n: the value of each bump at points z.

    The centres μ_j lie evenly on [−r, r], γ apart.

    Args:
        reach: r.
        at: z, n.
    """
    centres = torch.linspace(-reach, reach, BUMPS, dtype=at.dtype, device=at.device)
    width = 2 * reach / (BUMPS - 1)
    return torch.exp(-((at - centres[:, None]) / width).square() / 2)


def fitted(function: Callable[[Tensor], Tensor], reach: float) -> Tensor:
    """Return the heights of the bumps, B, whose sum is nearest to a function on [−r, r].

    Args:
        function: of a vector of places.
        reach: r.
    """
    at = torch.linspace(-reach, reach, POINTS, dtype=torch.float64)
    heights: Tensor = torch.linalg.lstsq(bumps(reach, at).mT, function(at)[:, None]).solution
    return heights[:, 0].float()


def read(places: Tensor, tables: Tensor, reach: float) -> Tensor:
    """Return the values of functions that are linear between the points of their tables.

    Beyond [−r, r] a function is constant. Derivatives are exact, of the tables and the places.

    Args:
        places: z, B × K × …
        tables: B × K × N: values at N points, evenly on [−r, r].
        reach: r.
    """
    return _read(places, tables, reach)


class _Read(Function):
    """A lookup; autograd's own would keep several times as much and take several times as long."""

    @staticmethod
    def forward(ctx: Any, places: Tensor, tables: Tensor, reach: float) -> Tensor:
        points = tables.shape[-1]
        # A flat cell on each side stands for all that is beyond.
        table = torch.cat([tables[..., :1], tables, tables[..., -1:]], dim=-1)
        slopes = torch.diff(table, dim=-1, append=table[..., -1:]).flatten()
        scale = (points - 1) / (2 * reach)
        position = (places * scale).add_(reach * scale + 1).clamp_(0, points)
        # NaN stays NaN, but is no place in a table.
        cell = position.to(torch.int64).clamp_(0, points)
        part = position.sub_(cell)
        rows = torch.arange(tables[..., 0].numel(), device=places.device) * (points + 2)
        cell += rows.view(*tables.shape[:2], *[1] * (places.ndim - 2))
        slope = slopes.take(cell)
        ctx.save_for_backward(cell, part, slope)
        ctx.shape, ctx.scale = tables.shape, scale
        return table.flatten().take(cell).addcmul_(part, slope)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        (gradient,) = gradients
        cell, part, slope = ctx.saved_tensors
        batch, functions, points = ctx.shape
        # A value is (1 − part) of the point on its left and part of the one on its right.
        right = gradient * part
        sums = gradient.new_zeros(batch * functions * (points + 2))
        sums.index_add_(0, cell.flatten(), (gradient - right).flatten())
        sums[1:].index_add_(0, cell.flatten(), right.flatten())
        sums = sums.view(batch, functions, points + 2)
        tables = sums[..., 1:-1].clone()
        tables[..., 0] += sums[..., 0]
        tables[..., -1] += sums[..., -1]
        return gradient * slope * ctx.scale, tables, None


_read: Callable[..., Tensor] = _Read.apply
