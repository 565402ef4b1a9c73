"""What shallow models have in common: they learn to remove noise of every level, and denoise."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable
from typing import TypeVar

import torch
from torch import Tensor, nn

from priorbench.networks.denoising import held_out_psnr, in_bands
from priorbench.networks.learned import LearnedNetwork
from priorbench.networks.training import Objective, Row
from priorbench.networks.weights import initialised
from priorbench.priors import Denoiser
from priorbench.solvers.colour import denoise_planes
from priorbench.types import Image, Plane

from .parameters import ShallowParameters

__all__ = ["SIGMA_MIN", "RemoveNoise", "TrainedDenoiser"]

SIGMA_MIN = 1 / 255
MEASURED = (5, 15, 25, 50)
"""σ of the noise on held-out tiles, 0–255."""
PIXELS_IN_A_BAND = 1 << 18

Model = TypeVar("Model", bound=nn.Module)


class TrainedDenoiser(Denoiser, LearnedNetwork[Model]):
    """A denoiser that is a network of noisy planes and their σ.

    Colour is denoised in opponent planes, each with its share of the noise.
    """

    parameters: ShallowParameters

    def __init__(self, parameters: ShallowParameters) -> None:
        super().__init__(parameters, parameters.tile_size)
        self.parameters = parameters
        self.sigma_range = (SIGMA_MIN, parameters.sigma_max / 255)

    @property
    @abstractmethod
    def reach(self) -> int:
        """Rows beyond which nothing changes the estimate of a pixel."""

    def initial(self, generator: torch.Generator) -> Model:
        """Return the network before its training: nothing of it is random."""
        return initialised(self.build, 0)

    def objective(self, network: Model) -> RemoveNoise:
        """Return the removal of noise of every level."""
        return RemoveNoise(network, self.sigma_range)

    @torch.no_grad()
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the estimate of the network; the image itself if σ ≤ 0."""
        if sigma <= 0:
            return image
        return denoise_planes(image, sigma, self._denoised)

    def _denoised(self, plane: Plane, sigma: float) -> Plane:
        """Return the estimate of a plane, H × W."""
        network = self.network.to(plane.device)
        return in_bands(network, plane, sigma, reach=self.reach, pixels=PIXELS_IN_A_BAND)


class RemoveNoise(Objective):
    """E ‖f(x + σn, σ) − x‖² / σ over tiles x and levels σ.

    Divided by σ, no strength of noise outweighs the rest. √σ is uniform: between σ and log σ.

    Args:
        network: f.
        sigma_range: least and greatest σ, on [0, 1].
    """

    criterion = "held_out_psnr"

    def __init__(self, network: nn.Module, sigma_range: tuple[float, float]) -> None:
        self.network, self.sigma_range = network, sigma_range

    def loss(self, tiles: Tensor, done: float, generator: torch.Generator) -> tuple[Tensor, Row]:
        """Return the loss of a batch."""
        least, most = map(math.sqrt, self.sigma_range)
        # A level in each of B equal parts: batches differ less than with independent ones.
        parts = torch.arange(len(tiles)) + torch.rand(len(tiles), generator=generator)
        sigma = (least + (most - least) * parts / len(tiles)).square()
        noise = torch.randn(tiles.shape, generator=generator)
        sigma, noise = sigma.to(tiles.device), noise.to(tiles.device)
        error = self.network(tiles + sigma[:, None, None] * noise, sigma) - tiles
        return (error.square().mean((1, 2)) / sigma).mean(), {}

    def measure(self, batches: Iterable[Tensor]) -> Row:
        """Return the PSNR in dB at each level of noise and their mean."""
        return held_out_psnr(self.network, batches, MEASURED)
