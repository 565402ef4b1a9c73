"""A diffusion model of images, known through its denoiser: plug-and-play gives it every task."""

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
from priorbench.solvers.colour import denoise_planes_together
from priorbench.types import AnyImage, Image

from .network import Preconditioned, UNet, log_normal
from .parameters import DiffusionParameters

SIGMA_MIN = 1 / 255
DEVIATION = 0.25
"""s: root mean square of gray photographs around ½, 0.24 for those of BSDS train."""
CENTRE = 0.5
MEASURED = (10, 25, 50, 255)
"""σ of the noise on held-out tiles, 0–255."""
PIXELS_IN_A_BAND = 1 << 20


class Diffusion(Denoiser, Learned):
    """E[x | y] for white noise of every level, from traces to noise that hides the image.

    The score of noisy images is that of their density, ∇ log p(y; σ) = (E[x | y] − y)/σ², so the
    model can be drawn from as well: see ``benchmarks/generative.py``.

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
        self.sigma_range = (SIGMA_MIN, self.parameters.sigma_max / 255)
        self._network: Preconditioned | None = None

    @property
    def network(self) -> Preconditioned:
        """The network D, of planes around 0.

        Raises:
            RuntimeError: the prior is neither fitted nor loaded.
        """
        if self._network is None:
            raise RuntimeError("this Diffusion has no model yet: fit it, or load one")
        return self._network

    @torch.no_grad()
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the expected clean image; the image itself if σ ≤ 0."""
        if sigma <= 0:
            return image
        return denoise_planes_together(image, sigma, self._denoised).contiguous()

    def _denoised(self, planes: Tensor, sigmas: Tensor) -> Tensor:
        """Return the estimates of the planes of one image, P × H × W, the first its luma."""
        network = self.network.to(planes.device)
        centres = planes.new_zeros(len(planes), 1, 1)
        # The network knows planes around 0, where differences of colours lie anyway.
        centres[0] = CENTRE
        height, width = planes.shape[1:]
        below, beside = -height % network.divisor, -width % network.divisor
        padded = F.pad((planes - centres)[None], (0, beside, 0, below), mode="replicate")[0]
        estimates = [
            in_bands(
                network,
                plane,
                float(sigma),
                reach=network.reach,
                pixels=PIXELS_IN_A_BAND,
                multiple=network.divisor,
            )
            for plane, sigma in zip(padded, sigmas, strict=True)
        ]
        return torch.stack(estimates)[:, :height, :width] + centres

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
        for weights, row in train(RemoveNoise(network, options), drawn, measured, options, context):
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

    def _build(self) -> Preconditioned:
        options = self.parameters
        return Preconditioned(UNet(options.width, options.blocks, options.scales), DEVIATION)


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
