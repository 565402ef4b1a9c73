"""Bilinear up-sampling by two, and its adjoint."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from priorbench.numerics.threads import each

from .normalisation import bands


class DoubleBilinear(Function):
    """u ↦ u interpolated to twice its height and width, H × W × C to 2H × 2W × C.

    In each direction pixel 2m is ¾ u[m] + ¼ u[m-1] and pixel 2m+1 is ¾ u[m] + ¼ u[m+1], repeated at
    the border.
    """

    @staticmethod
    def forward(ctx: Any, u: Tensor) -> Tensor:
        """Return the map of 2H × 2W × C."""
        height, width, channels = u.shape
        out = u.new_empty(height, 2, width, 2, channels)

        def work(rows: slice) -> None:
            wide = u.new_empty(rows.stop - rows.start + 2, width, 2, channels)
            first, last = max(rows.start - 1, 0), min(rows.stop + 1, height)
            inner = wide[first - rows.start + 1 : last - rows.start + 1]
            source = u[first:last]
            torch.lerp(source[:, 1:], source[:, :-1], 0.25, out=inner[:, 1:, 0])
            torch.lerp(source[:, :-1], source[:, 1:], 0.25, out=inner[:, :-1, 1])
            inner[:, 0, 0], inner[:, -1, 1] = source[:, 0], source[:, -1]
            if rows.start == 0:
                wide[0] = wide[1]
            if rows.stop == height:
                wide[-1] = wide[-2]
            torch.lerp(wide[1:-1], wide[:-2], 0.25, out=out[rows, 0])
            torch.lerp(wide[1:-1], wide[2:], 0.25, out=out[rows, 1])

        each(work, bands(out))
        return out.view(2 * height, 2 * width, channels)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Return the adjoint of the interpolation."""
        gradient = gradients[0].contiguous()
        height, width, channels = gradient.shape[0] // 2, gradient.shape[1] // 2, gradient.shape[2]
        g = gradient.view(height, 2, width, 2, channels)
        du = gradient.new_empty(height, width, channels)

        def work(rows: slice) -> None:
            # Over rows: ¾ (g[2m] + g[2m+1]) + ¼ (g[2m+2] + g[2m-1]); what lies outside comes back
            # to the border.
            tall = torch.add(g[rows, 0], g[rows, 1]).mul_(0.75)
            below = min(rows.stop, height - 1)
            above = max(rows.start, 1)
            tall[: below - rows.start].add_(g[rows.start + 1 : below + 1, 0], alpha=0.25)
            tall[above - rows.start :].add_(g[above - 1 : rows.stop - 1, 1], alpha=0.25)
            if rows.start == 0:
                tall[0].add_(g[0, 0], alpha=0.25)
            if rows.stop == height:
                tall[-1].add_(g[-1, 1], alpha=0.25)
            out = torch.add(tall[:, :, 0], tall[:, :, 1], out=du[rows]).mul_(0.75)
            out[:, :-1].add_(tall[:, 1:, 0], alpha=0.25)
            out[:, 1:].add_(tall[:, :-1, 1], alpha=0.25)
            out[:, 0].add_(tall[:, 0, 0], alpha=0.25)
            out[:, -1].add_(tall[:, -1, 1], alpha=0.25)

        each(work, bands(g))
        return du
