"""A doubled map and another beside it, convolved with 3 × 3 taps at a quarter of the cost.

Interpolation and the sum over channels commute: the nine products with the taps' weights are taken
of the small map, and their results interpolated, shifted and added, in bands that fit the cache.
The doubled map never exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from priorbench.numerics.threads import each

from .bands import band_count
from .convolution import Geometry, fold_padding_, padded_band

TAPS = 9
"""Of a 3 × 3 kernel: a band holds the products with all of them at once."""


class DoubledMoments(Function):
    """a ↦ mean and mean square, over pixels, of a interpolated to twice its height and width.

    With U the interpolation in one direction, the columns of U sum to 2, and UᵀU has 5/4 on the
    diagonal and 3/8 beside it, with the border's pixel repeated.
    """

    @staticmethod
    def forward(ctx: Any, a: Tensor) -> tuple[Tensor, Tensor]:
        """Return both, each of C, for a of H × W × C."""
        height, width, channels = a.shape

        def work(rows: slice) -> Tensor:
            part = a[rows]
            return torch.stack([part.sum((0, 1)), (_gram(a, rows).mul_(part)).sum((0, 1))])

        sums = torch.stack(each(work, _bands(a.shape, channels))).sum(0)
        ctx.save_for_backward(a)
        return sums[0] / (height * width), sums[1] / (4 * height * width)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Return the gradient of a."""
        (a,) = ctx.saved_tensors
        height, width, channels = a.shape
        slope, offset = gradients[1] / (2 * height * width), gradients[0] / (height * width)
        da = torch.empty_like(a)

        def work(rows: slice) -> None:
            torch.addcmul(offset, _gram(a, rows), slope, out=da[rows])

        each(work, _bands(a.shape, channels))
        return da


class JoinedConvolution(Function):
    """a, s ↦ W * pad(double(a)) + V * pad(s) + b with 3 × 3 taps and padding by reflection.

    a is H × W × C, s is 2H × 2W × S, W is 9 × C × N, V is 9 × S × N and b is N; the result is 2H ×
    2W × N.
    """

    @staticmethod
    def forward(
        ctx: Any,
        a: Tensor,
        s: Tensor | None,
        weight: Tensor,
        beside: Tensor | None,
        bias: Tensor,
        dtype: torch.dtype,
    ) -> Tensor:
        """Return the convolution with the products of a in ``dtype``; see the class."""
        height, width, channels = a.shape
        outputs = weight.shape[2]
        out = a.new_empty(height, 2, width, 2, outputs)
        # Each interpolation is (3, 1) / 4 in each direction.
        scaled = (weight / 16).to(dtype).transpose(0, 1).flatten(1)
        columns = None if s is None or beside is None else beside.flatten(0, 1)

        def work(rows: slice) -> None:
            count = rows.stop - rows.start
            taps = (
                (_replicated(a, rows).to(dtype) @ scaled)
                .to(a.dtype)
                .view(count + 2, width + 2, 3, 3, outputs)
            )
            evens, odds = [], []
            # Each result takes 16 sixteenths of the middle tap.
            taps[:, :, 1, 1] += bias / 16
            for row in range(3):
                across = [taps[:, :, row, column].transpose(0, 1) for column in range(3)]
                even, odd = a.new_empty(2, count + 2, width, outputs)
                _spread(across, even.transpose(0, 1), odd.transpose(0, 1), True, True)
                evens.append(even)
                odds.append(odd)
            first, last = rows.start == 0, rows.stop == height
            for column, parts in enumerate((evens, odds)):
                even, odd = out[rows, :, :, column].unbind(1)
                _spread(parts, even, odd, first, last)
            if s is not None and columns is not None:
                part = out[rows].view(-1, outputs)
                part.addmm_(_gathered(s, rows, height), columns)

        # Each band multiplies two rows more than its own, so these are larger than others.
        each(work, _bands(a.shape, TAPS * max(channels, outputs) // 2))
        ctx.save_for_backward(a, s, weight, beside)
        ctx.dtype = dtype
        return out.view(2 * height, 2 * width, outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of a, s, the weights and the bias."""
        a, s, weight, beside = ctx.saved_tensors
        height, width, channels = a.shape
        outputs, dtype = weight.shape[2], ctx.dtype
        gradient = gradients[0].contiguous().view(height, 2, width, 2, outputs)
        scaled = (weight / 16).to(dtype).transpose(1, 2).flatten(0, 1)
        da = torch.empty_like(a)
        ds = None if s is None else torch.zeros_like(s)

        def work(rows: slice) -> tuple[Tensor, ...]:
            count = rows.stop - rows.start
            first, last = max(rows.start - 1, 0), min(rows.stop + 1, height)
            halo = (rows.start - first, last - rows.stop)
            edge = (rows.start == 0, rows.stop == height)
            # Of each row tap, what the even and the odd columns of the result give.
            evens, odds = (
                _gathered_back(
                    gradient[first:last, 0, :, column],
                    gradient[first:last, 1, :, column],
                    halo,
                    edge,
                )
                for column in (0, 1)
            )
            taps = a.new_empty(count, width, 3, 3, outputs, dtype=dtype)
            for row in range(3):
                even, odd = evens[row].transpose(0, 1), odds[row].transpose(0, 1)
                for column, tap in enumerate(_gathered_back(even, odd, (0, 0), (True, True))):
                    taps[:, :, row, column] = tap.transpose(0, 1)
            flat = taps.view(count * width, 9 * outputs)
            da[rows] = (flat @ scaled).view(count, width, channels)
            own = gradient[rows].view(-1, outputs)
            sums = a[rows].flatten(0, 1).to(dtype).t() @ flat, own.sum(0)
            return sums if s is None else (*sums, _gathered(s, rows, height).t() @ own)

        results = each(work, _bands(a.shape, TAPS * max(channels, outputs)))
        dweight = torch.stack([result[0] for result in results]).sum(0, dtype=weight.dtype) / 16
        dweight = dweight.view(channels, 9, outputs).transpose(0, 1)
        dbias = torch.stack([result[1] for result in results]).sum(0)
        dbeside = None
        if ds is not None and beside is not None:
            dbeside = torch.stack([result[2] for result in results]).sum(0).view_as(beside)
            _scatter(gradient.view(2 * height, 2 * width, outputs), beside, ds)
        return da, ds, dweight, dbeside, dbias, None


def _bands(shape: Sequence[int], channels: int) -> list[slice]:
    """Return slices of rows, with at least three rows each where there are three."""
    height, width = shape[0], shape[1]
    count = max(1, min(height // 3, band_count(height * width * channels)))
    return [slice(height * i // count, height * (i + 1) // count) for i in range(count)]


def _replicated(a: Tensor, rows: slice) -> Tensor:
    """Return rows and columns with one more at each side: neighbours, or the border repeated."""
    height, width, channels = a.shape
    padded = a.new_empty(rows.stop - rows.start + 2, width + 2, channels)
    first, last = max(rows.start - 1, 0), min(rows.stop + 1, height)
    padded[first - rows.start + 1 : last - rows.start + 1, 1:-1] = a[first:last]
    if rows.start == 0:
        padded[0] = padded[1]
    if rows.stop == height:
        padded[-1] = padded[-2]
    padded[:, 0], padded[:, -1] = padded[:, 1], padded[:, -2]
    return padded


def _gram(a: Tensor, rows: slice) -> Tensor:
    """Return UᵀU in both directions of some rows of a."""
    padded = _replicated(a, rows)
    across = (padded[:, :-2] + padded[:, 2:]).mul_(0.375).add_(padded[:, 1:-1], alpha=1.25)
    return (across[:-2] + across[2:]).mul_(0.375).add_(across[1:-1], alpha=1.25)


def _spread(taps: Sequence[Tensor], even: Tensor, odd: Tensor, first: bool, last: bool) -> None:
    """Write four times the even and odd outputs, along dimension 0, of 3 taps on a doubled map.

    The taps' products lie on the doubled grid, b on its even places and what a and c give together,
    q[m] = a[m-1] + c[m], between b[m-1] and b[m]; the interpolation is (1, 3, 3, 1) on that grid.

    Args:
        taps: what each tap's product with the small map is, n + 2 long, with a neighbour or the
            border repeated at both ends.
        even: overwritten, n long.
        odd: overwritten, n long.
        first: whether the beginning is the map's, beyond which the doubled map is reflected.
        last: whether the end is.
    """
    a, b, c = taps
    q = a[:-1] + c[1:]
    near = torch.add(q[1:], q[:-1], alpha=3).add_(b[1:-1], alpha=3)
    torch.add(near, b[:-2], out=even)
    near = torch.add(q[:-1], q[1:], alpha=3).add_(b[1:-1], alpha=3)
    torch.add(near, b[2:], out=odd)
    if first and len(even) > 1:
        even[0] += a[2] - a[1]
    if last and len(even) > 1:
        odd[-1] += c[-3] - c[-2]


def _gathered_back(
    even: Tensor, odd: Tensor, halo: tuple[int, int], edge: tuple[bool, bool]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the adjoint of :func:`_spread`: the gradient of each tap.

    Args:
        even: gradients of the even outputs, n long and longer by the halo.
        odd: of the odd ones.
        halo: neighbours before and behind.
        edge: whether the beginning and the end are the map's.
    """
    start, stop = halo[0], len(even) - halo[1]
    near, far = torch.add(odd, even, alpha=3), torch.add(even, odd, alpha=3)
    # q lies between the pixels: q[0] before the first, the last one behind the last.
    q = even.new_empty(stop - start + 1, *even.shape[1:])
    torch.add(near[start + 1 : stop], far[start : stop - 1], out=q[1:-1])
    torch.add(near[start], far[start - 1], out=q[0]) if halo[0] else q[0].copy_(near[start])
    torch.add(far[stop - 1], near[stop], out=q[-1]) if halo[1] else q[-1].copy_(far[stop - 1])
    b = torch.add(even[start:stop], odd[start:stop]).mul_(3)
    b[: len(even) - start - 1] += even[start + 1 : stop + 1]
    b[1 - halo[0] :] += odd[: stop - 1]
    a, c = q[1:], q[:-1]
    if not any(edge):
        return a, b, c
    # The views overlap, and the border changes either of them alone.
    a = a.clone()
    if edge[0]:
        a[0] += q[0]
        b[0] += even[0]
        if len(a) > 1:
            a[1] += even[0]
            a[0] -= even[0]
    if edge[1]:
        c = c.clone()
        c[-1] += q[-1]
        b[-1] += odd[-1]
        if len(a) > 1:
            c[-2] += odd[-1]
            c[-1] -= odd[-1]
    return a, b, c


def _gathered(s: Tensor, rows: slice, height: int) -> Tensor:
    """Return what the nine taps see of s, in two rows for each of ``rows``: pixels × 9S."""
    g = Geometry(2 * height, s.shape[1], 3, 1)
    band = padded_band(s, None, g, 2 * rows.start, 2 * rows.stop)
    count, width = 2 * (rows.stop - rows.start), s.shape[1]
    seen = [
        band[row : row + count, column : column + width] for row in range(3) for column in range(3)
    ]
    return torch.stack(seen, dim=2).view(count * width, -1)


def _scatter(gradient: Tensor, beside: Tensor, ds: Tensor) -> None:
    """Write the gradient of s."""
    height, width, _ = gradient.shape
    g = Geometry(height, width, 3, 1)
    taps = (gradient.view(height * width, -1) @ beside.flatten(0, 1).t()).view(height, width, 9, -1)
    padded = gradient.new_zeros(height + 2, width + 2, ds.shape[2])
    for row in range(3):
        for column in range(3):
            padded[row : row + height, column : column + width] += taps[:, :, 3 * row + column]
    ds.copy_(fold_padding_(padded, g, 0, height))
