"""The domain transform: a recursive filter along rows and columns that stops at edges."""

from __future__ import annotations

import math

import numpy as np

from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.priors import Denoiser
from priorbench.types import Image

from .arrays import on_array


class DomainTransform(Denoiser):
    r"""Recursive filters along rows and columns, over the distance t of the domain transform.

    Gastal & Oliveira 2011, doi:10.1145/1964921.1964964, in its recursive form: from one pixel to
    the next t grows by d = 1 + (w / c) Σ_c |y_c − y'_c|, and the n-th of N passes is

        x_i ← (1 − a^d) x_i + a^d x_{i−1},   a = exp(−√2 / w_n),   w_n = wσ √3 2^{N−n} / √(4^N − 1),

    forwards and backwards. The derivatives are those of the noisy image in all passes.

    Args:
        width: w: where the image is constant, the standard deviation in pixels for σ = 1.
        contrast: c: the sum of differences, in multiples of σ, that counts as wσ pixels.
        iterations: N, passes along rows and columns.
    """

    estimator = "smoother"

    def __init__(self, width: float, contrast: float, iterations: int) -> None:
        self.width = width
        self.contrast = contrast
        self.iterations = iterations

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the filtered image; see the class."""
        width = self.width * max(sigma, NOISE_FLOOR)
        return on_array(image, lambda array: self._filter(array, width))

    def _filter(self, image: np.ndarray, width: float) -> np.ndarray:
        # Both the width and the contrast are multiples of σ.
        down = 1 + self.width / self.contrast * _steps(image, axis=2)
        right = 1 + self.width / self.contrast * _steps(image, axis=3)
        for iteration in range(1, self.iterations + 1):
            share = 2 ** (self.iterations - iteration) / math.sqrt(4**self.iterations - 1)
            feedback = math.exp(-math.sqrt(2) / (width * math.sqrt(3) * share))
            image = _recursive(image, feedback**right, axis=3)
            image = _recursive(image, feedback**down, axis=2)
        return image


def _steps(image: np.ndarray, axis: int) -> np.ndarray:
    """Return Σ_c |y_c − y'_c| from each pixel to the next along an axis of B × C × H × W."""
    steps: np.ndarray = np.abs(np.diff(image, axis=axis)).sum(axis=1, keepdims=True)
    return steps


def _recursive(image: np.ndarray, feedback: np.ndarray, axis: int) -> np.ndarray:
    """Return the image after a recursive filter of first order, forwards and backwards.

    Args:
        image: B × C × H × W.
        feedback: a^d from each pixel to the next, B × 1 × H × W, one less along the axis.
        axis: 2 for columns, 3 for rows.
    """
    # All lines are filtered at once, pixel by pixel, which lie one behind the other in memory.
    pixels = np.moveaxis(image, axis, 0).copy()
    weights = np.ascontiguousarray(np.moveaxis(feedback, axis, 0))
    for i in range(1, len(pixels)):
        pixels[i] += weights[i - 1] * (pixels[i - 1] - pixels[i])
    for i in range(len(pixels) - 2, -1, -1):
        pixels[i] += weights[i] * (pixels[i + 1] - pixels[i])
    return np.moveaxis(pixels, 0, axis)
