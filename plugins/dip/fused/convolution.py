"""Normalise, activate, pad and convolve in one pass over bands of rows that fit the cache.

A convolution is a sum of matrix products, one for each tap of the kernel, of the padded map with that tap's weights: in
a map that is stored pixel after pixel, with all its channels, the pixels that a tap sees follow each other without a
gap but for the border, so nothing is gathered. What one layer keeps for its gradient is its input, before it is
normalised: everything else is computed again from it, band by band.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from priorbench.threads import each

from .normalisation import Affine, activate_, activation_gradient, normalisation_gradient_

BAND = 1 << 20
"""Numbers in a band: 4 MiB."""


@dataclass(frozen=True)
class Geometry:
    """The sizes of a k × k convolution with stride s of an H × W map that is padded by reflection.

    The padded map is split into s² phases, each with every s-th row and column: in a phase, the pixels that a tap sees
    follow each other. For s = 1 there is one.

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

    def taps(self) -> Iterator[tuple[int, int, int]]:
        """Yield (tap, phase, offset in the flattened phase) of each tap."""
        for row in range(self.kernel):
            for column in range(self.kernel):
                phase = (row % self.stride) * self.stride + column % self.stride
                offset = (row // self.stride) * self.pitch + column // self.stride
                yield row * self.kernel + column, phase, offset

    def bands(self, channels: int) -> list[tuple[int, int]]:
        """Return the first and the last row, exclusive, of each band of the output."""
        most = max(BAND // (self.pitch * self.stride**2 * channels), 4 * self.pad + 1)
        count = max(1, self.rows // most)
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
    """Add what lies on the padding of a band's gradient to the pixels it was copied from; return a view without it.

    The view's rows are the map's rows from s · first - pad on, without those outside.
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
    s = g.stride
    if s == 1:
        return [band.flatten(0, 1)]
    return [band[row::s, column::s].reshape(-1, band.shape[2]) for row in range(s) for column in range(s)]


class Convolution(Function):
    """u ↦ W * pad(act(norm(u))) for u of H × W × C and W of k² × C × N, to (H / s) × (W / s) × N."""

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
    ) -> Tensor:
        """Return the convolution; see the class."""
        affine = None if gamma is None or beta is None else Affine.of(u, gamma, beta, slope)
        out = u.new_empty(g.rows, g.columns, weight.shape[2])

        def work(rows: tuple[int, int]) -> None:
            first, last = rows
            maps = phases(padded_band(u, affine, g, first, last), g)
            count = (last - first) * g.pitch
            seen = count - g.margin
            product = u.new_empty(count, weight.shape[2])
            for tap, phase, offset in g.taps():
                into = product[:seen]
                torch.addmm(into, maps[phase][offset : offset + seen], weight[tap], beta=int(tap > 0), out=into)
            result = product.view(last - first, g.pitch, -1)[:, : g.columns]
            if bias is None:
                out[first:last] = result
            else:
                torch.add(result, bias, out=out[first:last])

        each(work, g.bands(u.shape[2]))
        ctx.save_for_backward(u, gamma, beta, weight)
        ctx.affine, ctx.geometry, ctx.has_bias = affine, g, bias is not None
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of u, gamma, beta, weight and bias."""
        u, gamma, _, weight = ctx.saved_tensors
        affine, g, wanted = ctx.affine, ctx.geometry, ctx.needs_input_grad[0]
        gradient = gradients[0].contiguous()
        du = torch.empty_like(u) if wanted else None

        def work(rows: tuple[int, int]) -> tuple[Tensor, ...]:
            first, last = rows
            band = padded_band(u, affine, g, first, last)
            maps = phases(band, g)
            count = (last - first) * g.pitch
            seen = count - g.margin
            # The rows of the output that touch this band's share of the map lie up to `margin` above its own.
            lead = g.margin + 1
            end = last + g.margin if last == g.rows else last
            spread = u.new_zeros(lead + end - first, g.pitch, gradient.shape[2])
            start = max(first - g.margin, 0)
            spread[lead + start - first : lead + last - first, : g.columns] = gradient[start:last]
            spread = spread.flatten(0, 1)
            own = spread[lead * g.pitch :]
            dw = torch.stack([maps[phase][o : o + seen].t() @ own[:seen] for _, phase, o in g.taps()])
            if du is None:
                return (dw,)
            total = (end - first) * g.pitch
            share = u.new_empty(g.stride * (end - first), g.stride * g.pitch, u.shape[2])
            parts = [u.new_empty(total, u.shape[2]) for _ in maps] if g.stride > 1 else [share.flatten(0, 1)]
            begun = [False] * len(parts)
            for tap, phase, o in g.taps():
                begin = lead * g.pitch - o
                torch.addmm(
                    parts[phase],
                    spread[begin : begin + total],
                    weight[tap].t(),
                    beta=int(begun[phase]),
                    out=parts[phase],
                )
                begun[phase] = True
            if g.stride > 1:
                for index, part in enumerate(parts):
                    row, column = divmod(index, g.stride)
                    share[row :: g.stride, column :: g.stride] = part.view(end - first, g.pitch, -1)
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
        dw = torch.stack([result[0] for result in results]).sum(0)
        dbias = gradient.sum((0, 1)) if ctx.has_bias else None
        if affine is None or du is None:
            return du, None, None, dw, dbias, None, None
        sums = torch.stack([result[1] for result in results]).sum(0)
        dgamma, dbeta = normalisation_gradient_(du, u, affine, sums, gamma)
        return du, dgamma, dbeta, dw, dbias, None, None
