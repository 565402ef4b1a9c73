"""The encoder's Gaussian density of latent codes."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


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
