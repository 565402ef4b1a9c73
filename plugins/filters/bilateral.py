"""The bilateral filter."""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.priors import Denoiser
from priorbench.types import Image

from .arrays import on_array


class BilateralFilter(Denoiser):
    r"""x̂_i = Σ_j w_ij y_j / Σ_j w_ij with w_ij = exp(−|i − j|² / 2w²σ² − ‖y_i − y_j‖² / 2c²σ²).

    Tomasi & Manduchi 1998, doi:10.1109/ICCV.1998.710815. The norm is over the channels of a pixel;
    scikit-image's ``denoise_bilateral`` divides it by their number. The image is continued by its
    reflection, and the window ends where the first factor is below exp(−4.5).

    Args:
        width: w in pixels for σ = 1.
        contrast: c: how far apart, in multiples of σ, pixels of one object are.
    """

    estimator = "smoother"

    def __init__(self, width: float, contrast: float) -> None:
        self.width = width
        self.contrast = contrast

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the weighted means; see the class."""
        sigma = max(sigma, NOISE_FLOOR)
        width, contrast = self.width * sigma, self.contrast * sigma
        return on_array(image, lambda array: bilateral_filter(array, width, contrast))


def bilateral_filter(image: np.ndarray, width: float, contrast: float) -> np.ndarray:
    """Return the weighted means of arrays B × C × H × W.

    Args:
        image: the arrays.
        width: standard deviation of the weights in pixels.
        contrast: standard deviation of the weights in intensity.
    """
    height, columns = image.shape[-2:]
    reach = math.ceil(3 * width)
    around = ((0, 0), (0, 0), (reach, reach), (reach, reach))
    padded = np.pad(image, around, mode="symmetric")
    total, weights = np.zeros_like(image), np.zeros_like(image[:, :1])
    for down, right in product(range(2 * reach + 1), repeat=2):
        shifted = padded[..., down : down + height, right : right + columns]
        squares = np.square(shifted - image).sum(axis=1, keepdims=True)
        away = (down - reach) ** 2 + (right - reach) ** 2
        weight = np.exp(squares * (-0.5 / contrast**2) - 0.5 * away / width**2)
        total += weight * shifted
        weights += weight
    mean: np.ndarray = total / weights
    return mean
