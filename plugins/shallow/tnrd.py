"""A trained diffusion as a prior: plug-and-play gives it every task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from priorbench.networks.training import train
from priorbench.networks.weights import initialised
from priorbench.numerics.patches import draw_patches
from priorbench.priors import Context
from priorbench.types import AnyImage

from .diffusion import Diffusion
from .parameters import TNRDParameters
from .trained import SIGMA_MIN, RemoveNoise, TrainedDenoiser


class TNRD(TrainedDenoiser[Diffusion]):
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

    @property
    def reach(self) -> int:
        """Rows beyond which nothing changes the estimate of a pixel."""
        return self.model.reach

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

    def _build(self) -> Diffusion:
        options = self.parameters
        return Diffusion(options.stages, options.filter_size, options.levels, *self.sigma_range)
