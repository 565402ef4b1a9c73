"""Fields of experts as a prior: the most likely image without noise, and plug-and-play."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from priorbench.networks.training import train
from priorbench.networks.weights import initialised
from priorbench.numerics.patches import draw_patches
from priorbench.priors import Context
from priorbench.types import AnyImage

from .field import Field
from .parameters import FieldsOfExpertsParameters
from .trained import SIGMA_MIN, RemoveNoise, TrainedDenoiser

REACH = 40
"""Rows beyond which a minimum hardly changes that of a pixel."""


class FieldsOfExperts(TrainedDenoiser[Field]):
    r"""argmin_x ‖x − y‖²/2σ² + λ(σ) E(x),   E(x) = Σ_k α_k Σ_i log(1 + (f_k ∗ x)_i²/2).

    Roth & Black 2009, doi:10.1007/s11263-008-0197-6. Filters, α and λ are learned so that the
    minimum is near the clean image, Samuel & Tappen 2009, doi:10.1109/CVPR.2009.5206774; Chen,
    Ranftl & Pock 2014, doi:10.1109/TIP.2014.2299065. Colour is denoised in opponent planes, each
    with its share of the noise.

    Args:
        **parameters: fields of :class:`FieldsOfExpertsParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    estimator = "mmse"
    reach = REACH

    def __init__(self, **parameters: Any) -> None:
        self.parameters = FieldsOfExpertsParameters(**parameters)
        self.sigma_range = (SIGMA_MIN, self.parameters.sigma_max / 255)

    def fit(self, images: Sequence[AnyImage], context: Context) -> Iterator[Mapping[str, float]]:
        """Learn from tiles with noise of every level; the best on held-out tiles are kept.

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
        field = initialised(self._build, 0)
        for weights, row in train(
            RemoveNoise(field, self.sigma_range), drawn, measured, options, context
        ):
            self.load_state_dict(weights)
            yield row

    def _build(self) -> Field:
        options = self.parameters
        return Field(
            options.filter_size,
            options.levels,
            *self.sigma_range,
            steps=options.steps,
            tolerance=options.tolerance,
        )
