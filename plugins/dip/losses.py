"""What a network's image costs beside its distance from the observation: what is held out,
and regularisers.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from priorbench.problem import Problem
from priorbench.types import Image

SMOOTHING = 1e-3
"""δ of the total variation: gradients below it count less than their length."""

RISK_STEP = 1e-2
"""Length of the finite difference that estimates a divergence."""


def hold_out(problem: Problem, fraction: float, generator: torch.Generator) -> Tensor:
    """Return true at a random fraction, from 0 to 1, of the observation's pixels, all channels."""
    _, _, height, width = problem.y.shape
    chosen = torch.rand(1, 1, height, width, generator=generator) < fraction
    return chosen.to(problem.y.device).expand_as(problem.y)


def total_variation(image: Image) -> Tensor:
    """Return the mean over pixels of √(|∇f|² + δ²), δ = 10⁻³, with forward differences."""
    down = image[:, :, 1:, :-1] - image[:, :, :-1, :-1]
    across = image[:, :, :-1, 1:] - image[:, :, :-1, :-1]
    return (down.square() + across.square() + SMOOTHING**2).sqrt().mean()


def stein_risk(
    function: Callable[[Tensor], Image],
    z: Tensor,
    image: Image,
    sigma: float,
    generator: torch.Generator,
) -> Tensor:
    """Return 2σ² times a Monte-Carlo estimate of the divergence per pixel of f at z = y.

    Added to the data term it gives Stein's unbiased estimate of the risk but for a constant.
    Ramani, Blu & Unser 2008, doi:10.1109/TIP.2008.2001404; with this prior Jo, Chun & Choi 2021,
    arXiv 2108.12841.

    Args:
        function: f, whose image is the upper left part of z's size.
        z: where.
        image: f(z).
        sigma: σ of the noise.
        generator: draws the direction of the finite difference.
    """
    direction = torch.randn(image.shape, generator=generator).to(z.device)
    padding = (0, z.shape[3] - image.shape[3], 0, z.shape[2] - image.shape[2])
    moved = function(z + RISK_STEP * torch.nn.functional.pad(direction, padding))
    return 2 * sigma**2 * (direction * (moved - image)).mean() / RISK_STEP
