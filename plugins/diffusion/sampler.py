"""Tiles from pure noise, level by level."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

STEPS, CURVATURE = 40, 7.0
"""Levels of noise, and ρ of their schedule."""
CHURN, NOISE = 0.2, 1.003
"""How much noise a step adds, as a fraction of σ, and its factor."""


def ancestral(
    estimate: Callable[[Tensor, float], Tensor],
    sigma_range: tuple[float, float],
    shape: Sequence[int],
    generator: torch.Generator,
    device: torch.device,
) -> Tensor:
    """Return draws around 0 by the sampler of Karras et al. 2022, arXiv 2206.00364, algorithm 2.

    Each step adds some noise and takes a step of Heun's method along dx/dσ = (x − D(x; σ))/σ.

    Args:
        estimate: D, from noisy images and σ to the expected clean ones.
        sigma_range: least and greatest σ.
        shape: of what is drawn.
        generator: randomness, on the CPU.
        device: where it is computed.
    """
    least, most = (level ** (1 / CURVATURE) for level in sigma_range)
    levels = [*(most + torch.linspace(0, 1, STEPS) * (least - most)).pow(CURVATURE).tolist(), 0.0]

    def noise() -> Tensor:
        return torch.randn(tuple(shape), generator=generator).to(device)

    x: Tensor = levels[0] * noise()
    for sigma, below in pairwise(levels):
        raised = min((1 + CHURN) * sigma, levels[0])
        x = x + math.sqrt(max(raised**2 - sigma**2, 0)) * NOISE * noise()
        slope = (x - estimate(x, raised)) / raised
        after = x + (below - raised) * slope
        if below:
            end = (after - estimate(after, below)) / below
            after = x + (below - raised) * (slope + end) / 2
        x = after
    return x
