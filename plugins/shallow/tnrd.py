"""A trained diffusion as a prior: plug-and-play gives it every task."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from priorbench.networks.denoising import held_out_psnr, in_bands
from priorbench.networks.training import Objective, Row, train
from priorbench.networks.weights import initialised, loaded
from priorbench.numerics.patches import draw_patches
from priorbench.priors import Context, Denoiser, Learned
from priorbench.solvers.colour import denoise_planes
from priorbench.types import AnyImage, Image, Plane

from .diffusion import Diffusion
from .parameters import TNRDParameters

SIGMA_MIN = 1 / 255
MEASURED = (5, 15, 25, 50)
"""σ of the noise on held-out tiles, 0–255."""
PIXELS_IN_A_BAND = 1 << 18


class TNRD(Denoiser, Learned):
    """Trainable nonlinear reaction diffusion.

    Chen & Pock 2017, doi:10.1109/TPAMI.2016.2596743. One model is for all levels of noise; see
    :class:`.Diffusion`. Colour is denoised in opponent planes, each with its share of the noise.

    Args:
        **parameters: fields of :class:`TNRDParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    estimator = "mmse"

    def __init__(self, **parameters: Any) -> None:
        self.parameters = TNRDParameters(**parameters)
        self.sigma_range = (SIGMA_MIN, self.parameters.sigma_max / 255)
        self._diffusion: Diffusion | None = None

    @property
    def diffusion(self) -> Diffusion:
        """The diffusion.

        Raises:
            RuntimeError: the prior is neither fitted nor loaded.
        """
        if self._diffusion is None:
            raise RuntimeError("this TNRD has no model yet: fit it, or load one")
        return self._diffusion

    @torch.no_grad()
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the end of the diffusion; the image itself if σ ≤ 0."""
        if sigma <= 0:
            return image
        return denoise_planes(image, sigma, self._denoised)

    def _denoised(self, plane: Plane, sigma: float) -> Plane:
        """Return the estimate of a plane, H × W."""
        diffusion = self.diffusion.to(plane.device)
        return in_bands(diffusion, plane, sigma, reach=diffusion.reach, pixels=PIXELS_IN_A_BAND)

    def fit(self, images: Sequence[AnyImage], context: Context) -> Iterator[Mapping[str, float]]:
        """Train all stages on tiles with noise of every level; the best on held-out tiles are kept.

        Yields:
            ``iteration``, ``loss``, ``psnr_sigma_5`` … of held-out tiles and their mean
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
        diffusion = initialised(self._build, 0)
        for weights, row in train(
            RemoveNoise(diffusion, self.sigma_range), drawn, measured, options, context
        ):
            self.load_state_dict(weights)
            yield row

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return filters, heights of the bumps and λ of all stages."""
        return self.diffusion.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over what ``state_dict`` returned.

        Raises:
            RuntimeError: a tensor is missing, unknown or has the wrong shape.
            ValueError: a number is not finite.
        """
        self._diffusion = loaded(self._build, state)

    def _build(self) -> Diffusion:
        options = self.parameters
        return Diffusion(options.stages, options.filter_size, options.levels, *self.sigma_range)


class RemoveNoise(Objective):
    """E ‖f(x + σn, σ) − x‖² / σ over tiles x and levels σ.

    Divided by σ, no strength of noise outweighs the rest. √σ is uniform: between σ and log σ.

    Args:
        network: f.
        sigma_range: least and greatest σ, on [0, 1].
    """

    criterion = "held_out_psnr"

    def __init__(self, network: Diffusion, sigma_range: tuple[float, float]) -> None:
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
