"""What networks that denoise have in common: bands of rows, and measurements on held-out tiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.networks.training import Row
from priorbench.types import Plane

__all__ = ["DenoisesTiles", "held_out_psnr", "in_bands"]

DenoisesTiles = Callable[[Tensor, Tensor], Tensor]
"""From noisy planes, B × H × W, and the σ of each, B, to their estimates."""


def in_bands(
    network: DenoisesTiles,
    plane: Plane,
    sigma: float,
    *,
    reach: int,
    pixels: int,
    multiple: int = 1,
) -> Plane:
    """Return what a network makes of a plane, H × W, in bands of rows that bound the memory.

    Args:
        network: denoises.
        plane: noisy.
        sigma: σ of its noise.
        reach: what lies further than these rows from a pixel does not change its estimate; a
            multiple of ``multiple``.
        pixels: of a band, about.
        multiple: both sides of a band are made multiples of it; the edge is repeated.
    """
    height, width = plane.shape
    below, beside = -height % multiple, -width % multiple
    padded = F.pad(plane[None, None], (0, beside, 0, below), mode="replicate")[0]
    rows = max(pixels // padded.shape[-1] // multiple, 1) * multiple
    level = plane.new_full((1,), sigma)
    parts = []
    for top in range(0, height, rows):
        end = min(top + rows, height)
        first, last = max(top - reach, 0), min(end + reach, height + below)
        part = network(padded[:, first:last], level)[0]
        parts.append(part[top - first : end - first, :width])
    return torch.cat(parts)


def held_out_psnr(network: DenoisesTiles, batches: Iterable[Tensor], levels: Sequence[int]) -> Row:
    """Return the mean PSNR in dB at each level of noise, and the mean of these.

    They are called ``psnr_sigma_<level>`` and ``held_out_psnr``. The noise is the same each time.

    Args:
        network: denoises.
        batches: clean tiles, each B × T × T.
        levels: σ of the noise, 0–255.
    """
    generator = torch.Generator().manual_seed(0)
    errors: dict[int, list[Tensor]] = {level: [] for level in levels}
    for clean in batches:
        for level in levels:
            sigma = clean.new_full((len(clean),), level / 255)
            noise = torch.randn(clean.shape, generator=generator).to(clean.device)
            estimate = network(clean + sigma[:, None, None] * noise, sigma)
            errors[level].append((estimate - clean).double().square().mean((1, 2)))
    psnr = {level: float(-10 * torch.cat(found).log10().mean()) for level, found in errors.items()}
    return {
        **{f"psnr_sigma_{level}": value for level, value in psnr.items()},
        "held_out_psnr": math.fsum(psnr.values()) / len(psnr),
    }
