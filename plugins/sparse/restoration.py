"""Sparse patches of a noisy image, averaged with the image itself."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from priorbench.solvers.aggregation import average_everywhere
from priorbench.types import Patches, Plane


def averaged(
    plane: Plane, size: int, estimate: Callable[[Patches], Patches], noisy_weight: float
) -> Plane:
    r"""Return x = (λI + Σ_p RₚᵀRₚ)⁻¹ (λy + Σ_p Rₚᵀ z_p), with z_p the estimate of patch p of y.

    Elad & Aharon 2006, doi:10.1109/TIP.2006.881969, equation 9.

    Args:
        plane: y, H × W, each side at least ``size``.
        size: side of a patch.
        estimate: of patches, N × D.
        noisy_weight: λ.
    """
    average = torch.empty_like(plane)
    for _ in average_everywhere(plane, size, estimate, average):
        pass
    rows, columns = (_covering(length, size) for length in plane.shape)
    patches = (rows[:, None] * columns).to(plane)
    return (noisy_weight * plane + patches * average) / (noisy_weight + patches)


def patches_of(plane: Plane, size: int, most: int) -> Patches:
    """Return patches of a plane, all of them or ``most`` drawn with a seed of their own."""
    height, width = (length - size + 1 for length in plane.shape)
    generator = torch.Generator().manual_seed(0)
    corner = torch.randperm(height * width, generator=generator)[:most].to(plane.device)
    top, left = corner.div(width, rounding_mode="floor"), corner % width
    return plane.unfold(0, size, 1).unfold(1, size, 1)[top, left].flatten(1)


def _covering(length: int, size: int) -> Tensor:
    """Return how many windows of ``size`` hold each of ``length`` positions."""
    position = torch.arange(length)
    return torch.minimum(position + 1, length - position).clamp(max=min(size, length - size + 1))
