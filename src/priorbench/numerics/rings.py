"""Power of pictures in rings of frequency."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def sum_in_rings(power: Tensor, edges: Sequence[float], *, closed_below: bool) -> Tensor:
    """Return the power of pictures, N × H × W, summed in rings of frequency, N × (edges + 1).

    Args:
        power: squared magnitudes of the Fourier transforms, as ``torch.fft.fft2`` orders them.
        edges: between the rings, rising, in cycles per pixel.
        closed_below: whether a frequency on an edge belongs to the ring above it.
    """
    height, width = power.shape[1:]
    radius = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width)[None])
    ring = torch.bucketize(radius.flatten(), torch.tensor(edges), right=closed_below)
    sums = torch.zeros(len(power), len(edges) + 1, dtype=power.dtype)
    return sums.index_add_(1, ring, power.flatten(1))
