"""A denoising network as a prior: plug-and-play gives it every task."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.networks.denoising import held_out_psnr, in_bands
from priorbench.networks.training import Objective, Row, train
from priorbench.networks.weights import initialised, loaded
from priorbench.numerics.patches import draw_patches
from priorbench.priors import Context, Denoiser, Learned
from priorbench.solvers.colour import from_planes, to_planes
from priorbench.types import AnyImage, Image

from .network import DenoisingNetwork
from .parameters import DnCNNParameters

SIGMA_MIN = 1 / 255
MEASURED = (10, 25, 50)
"""σ of the noise on held-out tiles, 0–255."""
PIXELS_IN_A_BAND = 1 << 20


class DnCNN(Denoiser, Learned):
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
        self.sigma_range = (SIGMA_MIN, self.parameters.sigma_max / 255)
        self._network: DenoisingNetwork | None = None

    @property
    def network(self) -> DenoisingNetwork:
        """The network f.

        Raises:
            RuntimeError: the prior is neither fitted nor loaded.
        """
        if self._network is None:
            raise RuntimeError("this DnCNN has no model yet: fit it, or load one")
        return self._network

    @torch.no_grad()
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return f of the planes of an image around their means; the image itself if σ ≤ 0."""
        if sigma <= 0:
            return image
        planes, scales = to_planes(image)
        for plane, scale in zip(planes, scales, strict=True):
            mean = plane.mean()
            plane.copy_(self._denoise_plane(plane - mean, scale * sigma) + mean)
        return from_planes(planes, image.shape)

    def _denoise_plane(self, plane: Tensor, sigma: float) -> Tensor:
        """Return the estimate of a plane, H × W."""
        network = self.network.to(plane.device)
        height, width = plane.shape
        below, beside = -height % network.divisor, -width % network.divisor
        padded = F.pad(plane[None, None], (0, beside, 0, below), mode="replicate")[0, 0]
        estimate = in_bands(
            network,
            padded,
            sigma,
            reach=network.reach,
            pixels=PIXELS_IN_A_BAND,
            multiple=network.divisor,
        )
        return estimate[:height, :width]

    def fit(self, images: Sequence[AnyImage], context: Context) -> Iterator[Mapping[str, float]]:
        """Train on tiles with noise of every level; the weights best on held-out tiles are kept.

        Yields:
            ``iteration``, ``loss``, ``psnr_sigma_10`` … of held-out tiles and their mean
                ``held_out_psnr`` in dB,
            ``seconds``.

        Raises:
            ValueError: an image has two or more than three channels, or none is as large as a tile.
            Diverged: the loss is NaN or infinite.
        """
        options = self.parameters
        drawn, measured = draw_patches(
            images, options.tile_size, options.n_tiles, options.held_out, context.generator
        )
        network = initialised(
            self._build, int(torch.randint(2**62, (), generator=context.generator))
        )
        objective = RemoveNoise(network, options.sigma_max / 255)
        for weights, row in train(objective, drawn, measured, options, context):
            self.load_state_dict(weights)
            yield row

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return the network's weights."""
        return self.network.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over the network's weights.

        Raises:
            RuntimeError: one is missing, unknown or has the wrong shape.
            ValueError: one is not finite.
        """
        self._network = loaded(self._build, state)

    def _build(self) -> DenoisingNetwork:
        options = self.parameters
        return DenoisingNetwork(options.width, options.blocks, options.scales)


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
