"""One-dimensional densities for many coordinates at once: Gaussian scale mixtures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Marginals:
    """pᵢ(v) = Σⱼ wᵢⱼ N(v; 0, σᵢⱼ²) for each of d coordinates.

    Args:
        weights: w, d × J, positive; each row sums to 1; float64.
        variances: σ², d × J, positive; float64.
    """

    weights: Tensor
    variances: Tensor

    def joint(self, values: Tensor) -> Tensor:
        """Return log wᵢⱼ + log N(vᵢ; 0, σᵢⱼ²), d × J × n, for the columns of ``values`` (d × n)."""
        constant = (self.weights.log() - (2 * math.pi * self.variances).log() / 2).to(values)
        precision = self.variances.reciprocal().to(values)
        return torch.addcmul(
            constant[:, :, None], precision[:, :, None], values.square()[:, None], value=-0.5
        )

    def log_prob(self, values: Tensor) -> Tensor:
        """Return Σᵢ log pᵢ(vᵢ) for each column of ``values`` (d × n), in nats."""
        return self.joint(values).logsumexp(1).sum(0)

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Return ``count`` independent draws of every coordinate, d × count, float64."""
        chosen = torch.multinomial(self.weights, count, replacement=True, generator=generator)
        deviations = self.variances.gather(1, chosen).sqrt()
        return deviations * torch.randn(
            deviations.shape, generator=generator, dtype=deviations.dtype
        )
