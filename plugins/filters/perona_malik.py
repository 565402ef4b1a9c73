"""Perona and Malik's diffusion."""

from __future__ import annotations

import numpy as np

from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.priors import Denoiser
from priorbench.types import Image

from .arrays import on_array
from .diffusion_time import steps_of


class PeronaMalik(Denoiser):
    r"""∂u/∂t = Σ_n g(|∇_n u|) ∇_n u over the four neighbours, with g(s) = 1 / (1 + s²/(cσ)²).

    Perona & Malik 1990, doi:10.1109/34.56205, who write K for cσ. The norm of a difference is over
    the channels: Gerig et al. 1992, doi:10.1109/42.141646. Time ends at Tσ: with more noise K is
    higher too, so that a time that grows with σ², as for a Gaussian filter, blurs too much. Nothing
    flows over the border.

    Args:
        time: T: without edges, the filter is a Gaussian of √(2Tσ) pixels.
        contrast: c: differences above this multiple of σ are edges.
    """

    estimator = "smoother"

    def __init__(self, time: float, contrast: float) -> None:
        self.time = time
        self.contrast = contrast

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return u at the end; see the class."""
        contrast = self.contrast * max(sigma, NOISE_FLOOR)
        return on_array(image, lambda array: self._diffused(array, self.time * sigma, contrast))

    def _diffused(self, u: np.ndarray, time: float, contrast: float) -> np.ndarray:
        for step in steps_of(time):
            change = _divergence(u, contrast, axis=2) + _divergence(u, contrast, axis=3)
            u = u + step * change
        return u


def _divergence(u: np.ndarray, contrast: float, axis: int) -> np.ndarray:
    """Return what flows into each pixel of B × C × H × W along an axis."""
    difference = np.diff(u, axis=axis)
    squares = np.square(difference).sum(axis=1, keepdims=True)
    flow = difference / (1 + squares / contrast**2)
    border = [(0, 0)] * u.ndim
    border[axis] = (1, 1)
    return np.diff(np.pad(flow, border), axis=axis)
