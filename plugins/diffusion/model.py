"""A diffusion model of images, known through its denoiser: plug-and-play gives it every task."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from priorbench.networks.denoising import held_out_psnr, in_bands
from priorbench.networks.learned import LearnedNetwork
from priorbench.networks.training import Objective, Row
from priorbench.priors import Denoiser, DrawsTiles
from priorbench.solvers.colour import denoise_planes_together
from priorbench.types import Image, Tiles

from .network import Preconditioned, UNet, log_normal
from .parameters import DiffusionParameters
from .sampler import ancestral

SIGMA_MIN = 1 / 255
DEVIATION = 0.25
"""s: root mean square of gray photographs around ½, 0.24 for those of BSDS train."""
CENTRE = 0.5
MEASURED = (10, 25, 50, 255)
"""σ of the noise on held-out tiles, 0–255."""
PIXELS_IN_A_BAND = 1 << 20
TILES_AT_ONCE = 64
"""Tiles that are drawn together, to spare memory."""


class Diffusion(Denoiser, DrawsTiles, LearnedNetwork[Preconditioned]):
    """E[x | y] for white noise of every level, from traces to noise that hides the image.

    The score of noisy images is that of their density, ∇ log p(y; σ) = (E[x | y] − y)/σ², so the
    model can be drawn from as well.

    Colour is denoised in opponent planes, each with its share of the noise; see
    :mod:`priorbench.solvers.colour`.

    Args:
        **parameters: fields of :class:`DiffusionParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    estimator = "mmse"

    def __init__(self, **parameters: Any) -> None:
        self.parameters = DiffusionParameters(**parameters)
        super().__init__(self.parameters, self.parameters.tile_size)
        self.sigma_range = (SIGMA_MIN, self.parameters.sigma_max / 255)

    def build(self) -> Preconditioned:
        """Return the network D, of planes around 0, with random weights."""
        options = self.parameters
        return Preconditioned(UNet(options.width, options.blocks, options.scales), DEVIATION)

    def objective(self, network: Preconditioned) -> RemoveNoise:
        """Return the removal of noise of every level."""
        return RemoveNoise(network, self.parameters)

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the expected clean image; the image itself if σ ≤ 0.

        Differentiable where the image requires a gradient.
        """
        if sigma <= 0:
            return image
        with torch.set_grad_enabled(torch.is_grad_enabled() and image.requires_grad):
            return denoise_planes_together(image, sigma, self._denoised).contiguous()

    @torch.no_grad()
    def sample_tiles(self, count: int, generator: torch.Generator) -> Tiles:
        """Return tiles drawn from pure noise, of the size of the training tiles."""
        network, side = self.network, self.tile_size
        device = next(network.parameters()).device

        def estimate(tiles: Tensor, sigma: float) -> Tensor:
            levels = tiles.new_full((len(tiles),), sigma)
            found: Tensor = network(tiles, levels)
            return found

        drawn = []
        for first in range(0, count, TILES_AT_ONCE):
            shape = (min(TILES_AT_ONCE, count - first), side, side)
            drawn.append(ancestral(estimate, self.sigma_range, shape, generator, device))
        return torch.cat(drawn).cpu() + CENTRE

    def _denoised(self, planes: Tensor, sigmas: Tensor) -> Tensor:
        """Return the estimates of the planes of one image, P × H × W, the first its luma."""
        network = self.network.to(planes.device)
        centres = planes.new_zeros(len(planes), 1, 1)
        # The network knows planes around 0, where differences of colours lie anyway.
        centres[0] = CENTRE
        estimates = [
            in_bands(
                network,
                plane,
                float(sigma),
                reach=network.reach,
                pixels=PIXELS_IN_A_BAND,
                multiple=network.divisor,
            )
            for plane, sigma in zip(planes - centres, sigmas, strict=True)
        ]
        return torch.stack(estimates) + centres


class RemoveNoise(Objective):
    """E w(σ) ‖D(x + σn; σ) − x‖² over tiles x around 0 and levels whose logarithm is normal.

    The weight w makes it the squared error of F, see :class:`.Preconditioned`.

    Args:
        network: D.
        options: the distribution of σ.
    """

    network: Preconditioned
    criterion = "held_out_psnr"

    def __init__(self, network: Preconditioned, options: DiffusionParameters) -> None:
        self.network, self.options = network, options

    def loss(self, tiles: Tensor, done: float, generator: torch.Generator) -> tuple[Tensor, Row]:
        """Return the loss of a batch."""
        options, count = self.options, len(tiles)
        # A level in each of B equally likely parts: batches differ less than with independent ones.
        parts = (torch.arange(count) + torch.rand(count, generator=generator)) / count
        sigma = log_normal(parts, options.sigma_median / 255, options.sigma_spread)
        sigma = sigma.clamp(SIGMA_MIN, options.sigma_max / 255).to(tiles.device)
        noise = torch.randn(tiles.shape, generator=generator).to(tiles.device)
        clean = tiles - CENTRE
        error = self.network(clean + sigma[:, None, None] * noise, sigma) - clean
        return (self.network.weight(sigma) * error.square().mean((1, 2))).mean(), {}

    def measure(self, batches: Iterable[Tensor]) -> Row:
        """Return the PSNR in dB at each level of noise and their mean."""
        return held_out_psnr(self.network, (tiles - CENTRE for tiles in batches), MEASURED)
