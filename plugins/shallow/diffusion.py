"""A nonlinear diffusion whose filters and influence functions are learned."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from priorbench.types import Planes

from .filters import cosines, mirrored
from .influence import BUMPS, POINTS, bumps, fitted, read
from .levels import shares

REACH = 12.0
"""Responses, in units of σ, that the influence functions tell apart."""
KNEE = 2.5
"""Responses, in units of σ, up to which the first functions smooth."""
REACTION = 0.02
"""λ at the start."""


class Stage(nn.Module):
    r"""u ↦ u − Σ_k K̄_k φ_k(K_k u) − λ(u − y), a step of the diffusion.

    K_k is a correlation with a filter of norm 1 and mean 0, a sum of cosines; K̄_k with the filter
    turned by 180°, the adjoint. The image is reflected at its borders. φ_k is a sum of Gaussian
    bumps. Functions and λ are interpolated between those of several levels of noise.

    Args:
        size: side s of the filters, of which there are s² − 1.
        levels: of noise.
        share: φ_k(z) = share · z / s² for small z at the start; with 1 and orthonormal filters the
            step takes off what has small responses.
    """

    cosines: Tensor
    points: Tensor
    table: Tensor

    def __init__(self, size: int, levels: int, share: float) -> None:
        super().__init__()
        count = size**2 - 1
        self.size = size
        self.register_buffer("cosines", cosines(size), persistent=False)
        self.register_buffer("points", torch.linspace(-REACH, REACH, POINTS), persistent=False)
        self.register_buffer("table", bumps(REACH, self.points), persistent=False)
        self.mixing = nn.Parameter(torch.eye(count))
        first = fitted(lambda z: share / size**2 * z * torch.exp(-((z / KNEE) ** 2) / 2), REACH)
        self.heights = nn.Parameter(first.expand(levels, count, BUMPS).clone())
        self.log_reaction = nn.Parameter(torch.full((levels,), math.log(REACTION)))

    def filters(self) -> Tensor:
        """Return the filters, K × s × s."""
        filters = F.normalize(self.mixing @ self.cosines)
        return filters.view(-1, self.size, self.size)

    def tables(self, mix: Tensor) -> Tensor:
        """Return the influence functions at evenly spaced points, B × K × N.

        Args:
            mix: the share of each level, B × levels.
        """
        return torch.einsum("bl,lkj->bkj", mix, self.heights) @ self.table

    def forward(self, u: Planes, y: Planes, mix: Tensor) -> Planes:
        """Return the planes after the step.

        Args:
            u: B × H × W, in units of σ.
            y: what is observed, likewise.
            mix: see :meth:`tables`.
        """
        filters, margin = self.filters(), self.size - 1
        around = mirrored(u, margin)
        responses = F.conv2d(around[:, None], filters[:, None])
        forces = read(responses, self.tables(mix), REACH).flatten(2)
        # For one channel the sum of patches is faster than a transposed convolution.
        patches = filters.flatten(1).mT @ forces
        flow = F.fold(patches, around.shape[1:], self.size)
        flow = flow[:, 0, margin:-margin, margin:-margin]
        reaction = (mix @ self.log_reaction).exp()[:, None, None]
        return u - flow - reaction * (u - y)


class Diffusion(nn.Module):
    r"""y ↦ σ u_T, with u_0 = y/σ and u_{t+1} that of a :class:`Stage`.

    Chen & Pock 2017, doi:10.1109/TPAMI.2016.2596743, whose functions are those of one level. Here
    they follow σ, linear in log σ between the levels; an image is divided by σ. With one level the
    functions are the same for every σ, and the denoiser is f(ty, tσ) = t f(y, σ).

    Args:
        stages: T.
        size: side of the filters.
        levels: of noise, evenly in log σ.
        sigma_min: the first level.
        sigma_max: the last.
    """

    def __init__(
        self, stages: int, size: int, levels: int, sigma_min: float, sigma_max: float
    ) -> None:
        super().__init__()
        self.stages = nn.ModuleList(Stage(size, levels, 1 / stages) for _ in range(stages))
        self.levels, self.sigma_min, self.sigma_max = levels, sigma_min, sigma_max
        self.reach = stages * (size - 1)

    def mix(self, sigma: Tensor) -> Tensor:
        """Return the share of each level, B × levels, for each σ; beyond the last, that of it."""
        return shares(sigma, self.levels, self.sigma_min, self.sigma_max)

    def forward(self, y: Planes, sigma: Tensor) -> Planes:
        """Return the estimate of the clean planes.

        Args:
            y: noisy planes, B × H × W. What lies further than ``reach`` pixels from a pixel does
                not change its estimate.
            sigma: σ of each, B.
        """
        scale, mix = sigma[:, None, None], self.mix(sigma)
        y = y / scale
        u = y
        for stage in self.stages:
            u = stage(u, y, mix)
        return scale * u
