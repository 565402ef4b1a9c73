"""A field of experts as a network: from noisy planes to the most likely ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from priorbench.types import Planes

from .experts import Experts
from .filters import cosines
from .levels import shares
from .minimum import minimiser, moved

__all__ = ["Field"]

GAIN = 1.0
"""Norm of the first filters."""
EXPONENT = 0.1
"""α of the first experts."""
SPEED = 10.0
"""Logarithms are learned in this unit, by steps that suit the filters."""
SOLVE = 12
"""The most steps of conjugate gradients for a derivative; many follow a nearly flat minimum far."""


class Field(nn.Module):
    r"""y ↦ argmin_x ‖x − y‖²/2σ² + λ E(ax/σ), a local minimum, with E that of :class:`.Experts`.

    What is learned are the filters, as sums of the cosines that have no mean, and the logarithms of
    α, and of λ and a at several levels of noise, between which they are interpolated.

    Args:
        size: side s of the filters, of which there are s² − 1.
        levels: of noise, evenly in log σ.
        sigma_min: the first level.
        sigma_max: the last.
        steps: towards a minimum at most.
        tolerance: it ends at steps shorter than this part of σ.
    """

    cosines: Tensor

    def __init__(
        self,
        size: int,
        levels: int,
        sigma_min: float,
        sigma_max: float,
        steps: int,
        tolerance: float,
    ) -> None:
        super().__init__()
        count = size**2 - 1
        self.size, self.levels = size, levels
        self.sigma_min, self.sigma_max = sigma_min, sigma_max
        self.steps, self.tolerance, self.solve = steps, tolerance, SOLVE
        self.register_buffer("cosines", cosines(size), persistent=False)
        self.mixing = nn.Parameter(GAIN * torch.eye(count))
        self.log_exponents = nn.Parameter(torch.full((count,), EXPONENT).log() / SPEED)
        self.log_weights = nn.Parameter(torch.zeros(levels))
        self.log_scales = nn.Parameter(torch.zeros(levels))

    def experts(self) -> Experts:
        """Return the experts of images in units of σ/a."""
        filters = (self.mixing @ self.cosines).view(-1, self.size, self.size)
        return Experts(filters, (SPEED * self.log_exponents).exp())

    def followed(self, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """Return λ and a, B each, for each σ."""
        mix = shares(sigma, self.levels, self.sigma_min, self.sigma_max).to(self.log_weights)
        logarithms = SPEED * mix @ torch.stack([self.log_weights, self.log_scales], dim=1)
        weight, scale = logarithms.exp().unbind(1)
        return weight, scale

    def forward(self, y: Planes, sigma: Tensor) -> Planes:
        """Return the estimate of the clean planes.

        Args:
            y: noisy planes, B × H × W.
            sigma: σ of each, B.
        """
        experts, (weight, scale) = self.experts(), self.followed(sigma)
        # In units of σ/a the strength of the experts is λa².
        unit = (sigma / scale)[:, None, None]
        noisy, strength = y / unit, weight * scale.square()
        tolerance = self.tolerance * float(scale.detach().min())
        x = minimiser(experts, noisy, strength, self.steps, tolerance)
        if torch.is_grad_enabled():
            x = moved(experts, x, noisy, strength, self.solve)
        return x * unit
