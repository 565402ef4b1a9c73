"""A trained diffusion as a prior: plug-and-play gives it every task."""

from __future__ import annotations

from typing import Any

from .diffusion import Diffusion
from .parameters import TNRDParameters
from .trained import TrainedDenoiser


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
    parameters: TNRDParameters

    def __init__(self, **parameters: Any) -> None:
        super().__init__(TNRDParameters(**parameters))

    @property
    def reach(self) -> int:
        """Rows beyond which nothing changes the estimate of a pixel."""
        return self.network.reach

    def build(self) -> Diffusion:
        """Return the diffusion before its training."""
        options = self.parameters
        return Diffusion(options.stages, options.filter_size, options.levels, *self.sigma_range)
