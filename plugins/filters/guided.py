"""The guided filter with the image as its own guide."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter

from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.priors import Denoiser
from priorbench.types import Image

from .arrays import on_array


class GuidedFilter(Denoiser):
    r"""In each window the image is A y + b with A = Σ (Σ + εI)⁻¹, and windows are averaged.

    He, Sun & Tang 2013, doi:10.1109/TPAMI.2012.213, with ε = ``strength`` · σ². Σ is the covariance
    of the channels in the window and b = (I − A) μ with their mean μ. Where Σ is large beside ε
    there is an edge, which stays; where it is small the window becomes its mean. The image is
    continued by its reflection.

    Args:
        radius: r of a window of (2r + 1)² pixels for σ = 1; for others in proportion, rounded, at
            least 1.
        strength: ε as a multiple of the noise's variance.
    """

    estimator = "smoother"

    def __init__(self, radius: float, strength: float) -> None:
        self.radius = radius
        self.strength = strength

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the average of the linear models; see the class."""
        epsilon = self.strength * max(sigma, NOISE_FLOOR) ** 2
        radius = max(1, round(self.radius * sigma))
        return on_array(image, lambda array: self_guided_filter(array, radius, epsilon))


def self_guided_filter(image: np.ndarray, radius: int, epsilon: float) -> np.ndarray:
    """Return the images, guided by themselves.

    Args:
        image: B × C × H × W.
        radius: of the windows in pixels.
        epsilon: below which variance a window is flat.
    """
    channels = image.shape[1]
    # Covariances are differences of products: without the mean they lose no digits.
    offset = image.mean(axis=(2, 3), keepdims=True)
    centred = np.moveaxis(image - offset, 1, -1)
    mean = _window_mean(centred, radius)
    products = centred[..., :, np.newaxis] * centred[..., np.newaxis, :]
    covariance = (
        _window_mean(products, radius) - mean[..., :, np.newaxis] * mean[..., np.newaxis, :]
    )
    regularised = covariance + epsilon * np.eye(channels, dtype=image.dtype)
    # Σ and Σ + εI commute: the order of the factors does not matter.
    slope = np.linalg.solve(regularised, covariance)
    intercept = mean - (slope @ mean[..., np.newaxis])[..., 0]
    slope, intercept = _window_mean(slope, radius), _window_mean(intercept, radius)
    filtered = (slope @ centred[..., np.newaxis])[..., 0] + intercept
    restored: np.ndarray = np.moveaxis(filtered, -1, 1) + offset
    return restored


def _window_mean(array: np.ndarray, radius: int) -> np.ndarray:
    """Return the means of square windows along the axes 1 and 2."""
    side = 2 * radius + 1
    mean: np.ndarray = uniform_filter(array, (1, side, side) + (1,) * (array.ndim - 3))
    return mean
