"""Independent coordinates, given that their sum is 0."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .em import Moments
from .marginals import Marginals

NODES = 512
"""Nodes of the quadrature, even in log ω: its error falls exponentially with their number."""


class ZeroSum:
    r"""The density of v₁ … v_D ~ ∏ pᵢ given t = Σᵢ vᵢ / √D = 0.

    With φᵢ(ω) = Σⱼ wᵢⱼ exp(−σᵢⱼ²ω²/2), the characteristic function of pᵢ,

        p(v | t = 0) = ∏ᵢ pᵢ(vᵢ) / f(0),    f(0) = √D/π ∫₀^∞ ∏ᵢ φᵢ(ω) dω.

    Given the scales of all coordinates, t = 0 has the density ∝ ∫ ∏ᵢ exp(−σᵢ²ω²/2) dω. So ω, as a
    hidden variable with the density ∝ ∏ᵢ φᵢ(ω), makes the scales independent of each other.

    Args:
        marginals: of D coordinates.
    """

    def __init__(self, marginals: Marginals) -> None:
        self._marginals = marginals
        widest, narrowest = (
            float(v.sum().rsqrt())
            for v in (marginals.variances.amin(1), marginals.variances.amax(1))
        )
        log_omega = torch.linspace(
            math.log(1e-12 * narrowest), math.log(10 * widest), NODES, dtype=torch.float64
        )
        self._squares = (2 * log_omega).exp()
        tilted = (
            marginals.weights.log()[:, :, None]
            - marginals.variances[:, :, None] / 2 * self._squares
        )
        log_characteristic = tilted.logsumexp(1)
        self._scales = (tilted - log_characteristic[:, None]).exp()  # P(j | ω), D × J × NODES
        log_mass = log_characteristic.sum(0) + log_omega
        self._mass = log_mass.softmax(0)
        spacing = float(log_omega[1] - log_omega[0])
        self.log_density = float(log_mass.logsumexp(0)) + math.log(
            spacing * len(marginals.weights) ** 0.5 / math.pi
        )
        """log f(0), the log density of t at 0."""

    def moments(self) -> Moments:
        """Return, given t = 0, the probability of each scale and E[vᵢ²] restricted to it."""
        variances = self._marginals.variances
        share = self._scales @ self._mass
        return Moments(
            share,
            variances * share - variances.square() * (self._scales @ (self._mass * self._squares)),
            1,
        )

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Return ``count`` draws, D × count, float64; each sums to 0."""
        node = torch.multinomial(self._mass, count, replacement=True, generator=generator)
        scales = self._scales[:, :, node].movedim(1, 2)
        chosen = torch.multinomial(scales.flatten(0, 1), 1, generator=generator).view(-1, count)
        variances = self._marginals.variances.gather(1, chosen)
        free = variances.sqrt() * torch.randn(
            variances.shape, generator=generator, dtype=variances.dtype
        )
        return free - variances * (free.sum(0) / variances.sum(0))
