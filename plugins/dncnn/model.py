"""A denoising network as a prior: plug-and-play gives it every task."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from priorbench.networks.denoising import held_out_psnr, in_bands
from priorbench.networks.learned import LearnedNetwork
from priorbench.networks.training import Objective, Row
from priorbench.priors import Denoiser
from priorbench.solvers.colour import denoise_planes
from priorbench.types import Image

from .network import DenoisingNetwork
from .parameters import DnCNNParameters

SIGMA_MIN = 1 / 255
MEASURED = (10, 25, 50)
"""σ of the noise on held-out tiles, 0–255."""
PIXELS_IN_A_BAND = 1 << 20


class DnCNN(Denoiser, LearnedNetwork[DenoisingNetwork]):
    """x = f(y, σ) with f a network that was trained to undo white noise.

    Colour is denoised in opponent planes, each with its share of the noise; see
    :mod:`priorbench.solvers.colour`.

    Args:
        **parameters: fields of :class:`DnCNNParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    estimator = "mmse"

    def __init__(self, **parameters: Any) -> None:
        self.parameters = DnCNNParameters(**parameters)
        super().__init__(self.parameters, self.parameters.tile_size)
        self.sigma_range = (SIGMA_MIN, self.parameters.sigma_max / 255)

    def build(self) -> DenoisingNetwork:
        """Return the network with random weights."""
        options = self.parameters
        return DenoisingNetwork(options.width, options.blocks, options.scales)

    def objective(self, network: DenoisingNetwork) -> RemoveNoise:
        """Return the removal of noise of every level."""
        return RemoveNoise(network, self.parameters.sigma_max / 255)

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return f of the planes of an image around their means; the image itself if σ ≤ 0.

        Differentiable where the image requires a gradient.
        """
        if sigma <= 0:
            return image
        with torch.set_grad_enabled(torch.is_grad_enabled() and image.requires_grad):
            return denoise_planes(image, sigma, self._denoise_plane)

    def _denoise_plane(self, plane: Tensor, sigma: float) -> Tensor:
        """Return the estimate of a plane, H × W."""
        network, mean = self.network.to(plane.device), plane.mean()
        estimate = in_bands(
            network,
            plane - mean,
            sigma,
            reach=network.reach,
            pixels=PIXELS_IN_A_BAND,
            multiple=network.divisor,
        )
        return estimate + mean


class RemoveNoise(Objective):
    """E ‖f(x + σn, σ) − x‖² / σ over tiles x around a mean, with σ uniform.

    Divided by σ, no strength of noise outweighs the rest.

    Args:
        network: f.
        sigma_max: largest σ, on [0, 1].
    """

    criterion = "held_out_psnr"

    def __init__(self, network: DenoisingNetwork, sigma_max: float) -> None:
        self.network, self.sigma_max = network, sigma_max

    def loss(self, tiles: Tensor, done: float, generator: torch.Generator) -> tuple[Tensor, Row]:
        """Return the loss of a batch."""
        sigma = SIGMA_MIN + (self.sigma_max - SIGMA_MIN) * torch.rand(
            len(tiles), generator=generator
        )
        noise = torch.randn(tiles.shape, generator=generator)
        sigma, noise = sigma.to(tiles.device), noise.to(tiles.device)
        # A plane of a whole image lies around 0, and a part of it anywhere; colour differences have
        # either sign.
        centre = torch.rand(len(tiles), 1, 1, generator=generator).to(tiles.device)
        clean = tiles - centre
        error = self.network(clean + sigma[:, None, None] * noise, sigma) - clean
        return (error.square().mean((1, 2)) / sigma).mean(), {}

    def measure(self, batches: Iterable[Tensor]) -> Row:
        """Return the PSNR in dB at each level of noise and their mean."""
        return held_out_psnr(self.network, (tiles - tiles.mean() for tiles in batches), MEASURED)
