"""Gaussian densities of coefficients, and the two bounds on a tile's log-likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

LOG_TWO_PI = math.log(2 * math.pi)


@dataclass(frozen=True)
class Decoded:
    """p(u | z): independent Gaussian coefficients of a tile without its mean.

    Args:
        mean: N × b² × g × g.
        variance: of the same shape.
    """

    mean: Tensor
    variance: Tensor

    def log_prob(self, u: Tensor, noise_variance: Tensor) -> Tensor:
        """Return log p of coefficients with white noise, in nats on the T² - 1 dimensions, N.

        The coefficients of a tile without its mean lie where n'u = 0, with n the direction of the
        constant tile: the density is that of the Gaussian, given that.

        Args:
            u: N × b² × g × g.
            noise_variance: of each tile, N.
        """
        total = self.variance + noise_variance[:, None, None, None]
        full = ((u - self.mean).square() / total + total.log() + LOG_TWO_PI).sum((1, 2, 3))
        grid = u.shape[-1]
        along, spread = self.mean[:, 0].sum((1, 2)) / grid, total[:, 0].sum((1, 2)) / grid**2
        return -0.5 * (full - along.square() / spread - spread.log() - LOG_TWO_PI)

    def estimate(self, u: Tensor, noise_variance: Tensor) -> Tensor:
        """Return the mean of the clean coefficients, given the noisy ones and z."""
        share = self.variance / (self.variance + noise_variance[:, None, None, None])
        return torch.lerp(self.mean, u, share)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Return coefficients drawn from p(u | z), of tiles without a mean."""
        standard = torch.randn(self.mean.shape, generator=generator).to(self.mean)
        u = self.mean + self.variance.sqrt() * standard
        blocks, variance = u[:, 0], self.variance[:, 0]
        excess = blocks.sum((1, 2), keepdim=True) / variance.sum((1, 2), keepdim=True)
        return torch.cat([(blocks - variance * excess)[:, None], u[:, 1:]], dim=1)


@dataclass(frozen=True)
class Code:
    """q(z | u): independent Gaussian latent dimensions.

    Args:
        mean: N × L.
        log_variance: N × L.
    """

    mean: Tensor
    log_variance: Tensor

    def at(self, standard: Tensor) -> Tensor:
        """Return the z that a standard normal sample stands for."""
        return self.mean + (0.5 * self.log_variance).exp() * standard

    def divergence(self) -> Tensor:
        """Return KL(q ‖ N(0, 1)) of each dimension in nats, N × L."""
        return 0.5 * (self.mean.square() + self.log_variance.exp() - 1 - self.log_variance)

    def log_ratio(self, standard: Tensor) -> Tensor:
        """Return log p(z) - log q(z | u) of the z that a standard normal sample stands for, N."""
        z = self.at(standard)
        return 0.5 * (standard.square() - z.square() + self.log_variance).sum(1)
