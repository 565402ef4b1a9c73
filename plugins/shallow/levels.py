"""Levels of noise between which what depends on the noise is interpolated."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["shares"]


def shares(sigma: Tensor, levels: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Return the share of each level, B × levels, for each σ; beyond the last, that of it.

    The levels lie evenly in log σ, and two neighbours share what lies between them.

    Args:
        sigma: B.
        levels: how many.
        sigma_min: the first level.
        sigma_max: the last.
    """
    place = (sigma / sigma_min).log() / math.log(sigma_max / sigma_min)
    place = place.clamp(0, 1) * (levels - 1)
    knots = torch.arange(levels, device=sigma.device)
    return (1 - (place[:, None] - knots).abs()).clamp(min=0)
