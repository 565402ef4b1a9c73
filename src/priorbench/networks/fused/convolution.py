"""Normalise, activate, pad and convolve in one pass over bands of rows that fit the cache.

What one layer keeps for its gradient is its input, before it is normalised: everything else is
computed again from it, band by band. The gradient of the map is a convolution too, of each phase of
a stride by itself, which torch computes faster than what it calls the gradient of one. That of the
weights is a matrix product for each tap: in a map that is stored pixel after pixel, with all its
channels, the pixels that a tap sees follow each other without a gap but for the border, so nothing
is gathered.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function

from priorbench.numerics.threads import each

from .bands import band_count
from .normalisation import Affine, activate_, activation_gradient, normalisation_gradient_


@dataclass(frozen=True)
class Geometry:
    """The sizes of a k × k convolution with stride s of an H × W map that is padded by reflection.

    The padded map is split into s² phases, each with every s-th row and column: in a phase, the
    pixels that a tap sees follow each other. For s = 1 there is one.

    Args:
        height: H, a multiple of s.
        width: W, a multiple of s.
        kernel: k, odd; k - 1 is a multiple of s.
        stride: s.
    """

    height: int
    width: int
    kernel: int
    stride: int

    @property
    def pad(self) -> int:
        """Pixels of padding at each side."""
        return self.kernel // 2

    @property
    def margin(self) -> int:
        """Rows and columns that a phase has more than the output."""
        return (self.kernel - 1) // self.stride

    @property
    def rows(self) -> int:
        """Height of the output."""
        return self.height // self.stride

    @property
    def columns(self) -> int:
        """Width of the output."""
        return self.width // self.stride

    @property
    def pitch(self) -> int:
        """Width of a phase."""
        return self.columns + self.margin

    def taps(self) -> Iterator[tuple[int, int]]:
        """Yield (phase, offset in the flattened phase) of each tap."""
        for row in range(self.kernel):
            for column in range(self.kernel):
                phase = (row % self.stride) * self.stride + column % self.stride
                yield phase, (row // self.stride) * self.pitch + column // self.stride

    def phases(self) -> list[tuple[int, int]]:
        """Return the first row and column of each phase."""
        return list(itertools.product(range(self.stride), range(self.stride)))

    def bands(self, channels: int) -> list[tuple[int, int]]:
        """Return the first and the last row, exclusive, of each band of the output."""
        count = band_count(self.rows * self.pitch * self.stride**2 * channels)
        count = max(1, min(count, self.rows // (4 * self.pad + 1)))
        return [(self.rows * i // count, self.rows * (i + 1) // count) for i in range(count)]


def padded_band(u: Tensor, affine: Affine | None, g: Geometry, first: int, last: int) -> Tensor:
    """Return the rows of the activated and padded map that the output rows from first to last see.

    Args:
        u: H × W × C.
        affine: how u is normalised and activated; None for not at all.
        g: the sizes.
        first: first row of the output.
        last: last row, exclusive.
    """
    pad, height, width = g.pad, g.height, g.width
    above, below = g.stride * first - pad, g.stride * (last + g.margin) - pad
    band = u.new_empty(below - above, width + 2 * pad, u.shape[2])
    top, bottom = max(above, 0), min(below, height)
    inner = band[top - above : bottom - above, pad : pad + width]
    if affine is None:
        inner.copy_(u[top:bottom])
    else:
        activate_(u[top:bottom], affine, inner)
    for i in range(1, pad + 1):
        band[:, pad - i] = band[:, pad + i]
        band[:, pad + width - 1 + i] = band[:, pad + width - 1 - i]
    for row in range(above, 0):
        band[row - above] = band[-row - above]
    for row in range(height, below):
        band[row - above] = band[2 * height - 2 - row - above]
    return band


def fold_padding_(gradient: Tensor, g: Geometry, first: int, last: int) -> Tensor:
    """Add a band's gradient on the padding to the pixels that the padding was copied from.

    Return a view without the padding: the map's rows from s · first - pad on, without those
    outside.
    """
    pad, height, width = g.pad, g.height, g.width
    above, below = g.stride * first - pad, g.stride * first - pad + gradient.shape[0]
    for row in range(above, 0):
        gradient[-row - above] += gradient[row - above]
    for row in range(height, below):
        gradient[2 * height - 2 - row - above] += gradient[row - above]
    for i in range(1, pad + 1):
        gradient[:, pad + i] += gradient[:, pad - i]
        gradient[:, pad + width - 1 - i] += gradient[:, pad + width - 1 + i]
    return gradient[max(-above, 0) : min(height, below) - above, pad : pad + width]


def phases(band: Tensor, g: Geometry) -> list[Tensor]:
    """Return the phases of a band, each flattened to pixels × C."""
    return [
        band[row :: g.stride, column :: g.stride].reshape(-1, band.shape[2])
        for row, column in g.phases()
    ]


def convolve(
    a: Tensor, weight: Tensor, stride: int = 1, padding: tuple[int, int] = (0, 0)
) -> Tensor:
    """Return the convolution, H' × W' × N, of H × W × C with k × l × C × N, padded by zeros."""
    if weight.shape[:2] == (1, 1) and stride == 1:
        return a @ weight[0, 0]
    kernel = weight.permute(3, 2, 0, 1)
    result = F.conv2d(a[None].permute(0, 3, 1, 2), kernel, None, stride, padding)
    return result.permute(0, 2, 3, 1)[0]


def _interleaved(parts: list[Tensor], g: Geometry, height: int, dtype: torch.dtype) -> Tensor:
    """Return the map of ``height`` rows of each phase, zero where a phase has no more pixels."""
    if g.stride == 1:
        return parts[0].to(dtype)
    result = parts[0].new_zeros(
        g.stride * height, g.stride * g.pitch, parts[0].shape[2], dtype=dtype
    )
    for (row, column), part in zip(g.phases(), parts, strict=True):
        result[row :: g.stride, column :: g.stride][: len(part), : part.shape[1]] = part
    return result


class Convolution(Function):
    """u ↦ W * pad(act(norm(u))) for u of H × W × C, W of k² × C × N, to H/s × W/s × N."""

    @staticmethod
    def forward(
        ctx: Any,
        u: Tensor,
        gamma: Tensor | None,
        beta: Tensor | None,
        weight: Tensor,
        bias: Tensor | None,
        slope: float,
        g: Geometry,
        dtype: torch.dtype,
    ) -> Tensor:
        """Return the convolution with products in ``dtype``; see the class."""
        affine = None if gamma is None or beta is None else Affine.of(u, gamma, beta, slope)
        out = u.new_empty(g.rows, g.columns, weight.shape[2])
        kernel = weight.to(dtype).view(g.kernel, g.kernel, *weight.shape[1:])

        def work(rows: tuple[int, int]) -> None:
            band = padded_band(u, affine, g, *rows).to(dtype)
            own = out[slice(*rows)]
            if kernel.shape[:2] == (1, 1) and g.stride == 1 and dtype == u.dtype:
                # A copy less: there is one product, and it is written where it belongs.
                torch.matmul(band, kernel[0, 0], out=own)
            else:
                own.copy_(convolve(band, kernel, g.stride))
            if bias is not None:
                own += bias

        each(work, g.bands(u.shape[2]))
        ctx.save_for_backward(u, gamma, beta, weight)
        ctx.affine, ctx.geometry, ctx.has_bias, ctx.dtype = affine, g, bias is not None, dtype
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of u, gamma, beta, weight and bias."""
        u, gamma, _, weight = ctx.saved_tensors
        affine, g, dtype, wanted = ctx.affine, ctx.geometry, ctx.dtype, ctx.needs_input_grad[0]
        gradient = gradients[0].contiguous()
        du = torch.empty_like(u) if wanted else None
        # The sum over taps turns round, and so do the roles of the channels.
        turned = weight.to(dtype).view(g.kernel, g.kernel, *weight.shape[1:]).transpose(2, 3)
        kernels = [
            turned[row :: g.stride, column :: g.stride].flip(0, 1) for row, column in g.phases()
        ]

        def work(rows: tuple[int, int]) -> tuple[Tensor, ...]:
            first, last = rows
            band = padded_band(u, affine, g, first, last)
            maps = phases(band.to(dtype), g)
            lead = min(g.margin, first)
            seen = gradient[first - lead : last].to(dtype)
            own = seen[lead:]
            if g.margin:
                own = F.pad(own, (0, 0, 0, g.margin))
            own = own.flatten(0, 1)[: (last - first) * g.pitch - g.margin]
            dw = torch.stack([maps[phase][o : o + len(own)].t() @ own for phase, o in g.taps()])
            if du is None:
                return (dw,)
            # The rows of the output that touch this band's share of the map lie up to `margin`
            # above its own.
            height = last - first + (g.margin if last == g.rows else 0)
            parts = [
                convolve(seen, kernel, padding=(kernel.shape[0] - 1, kernel.shape[1] - 1))
                for kernel in kernels
            ]
            share = _interleaved([part[lead : lead + height] for part in parts], g, height, u.dtype)
            inner = fold_padding_(share, g, first, last)
            top = max(g.stride * first - g.pad, 0)
            rows_of_map = slice(top, top + inner.shape[0])
            if affine is None:
                du[rows_of_map] = inner
                return (dw,)
            above = g.stride * first - g.pad
            active = band[top - above : top - above + inner.shape[0], g.pad : g.pad + g.width]
            return dw, activation_gradient(inner, active, u[rows_of_map], affine, du[rows_of_map])

        results = each(work, g.bands(u.shape[2]))
        dw = torch.stack([result[0] for result in results]).sum(0, dtype=weight.dtype)
        dbias = gradient.sum((0, 1)) if ctx.has_bias else None
        if affine is None or du is None:
            return du, None, None, dw, dbias, None, None, None
        sums = torch.stack([result[1] for result in results]).sum(0)
        dgamma, dbeta = normalisation_gradient_(du, u, affine, sums, gamma)
        return du, dgamma, dbeta, dw, dbias, None, None, None
