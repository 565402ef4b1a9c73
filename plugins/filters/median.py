"""The median filter."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import median_filter

from priorbench.priors import Denoiser
from priorbench.types import Image

from .arrays import on_array


class MedianFilter(Denoiser):
    """Each pixel becomes the median of a disc of radius ``radius`` · σ pixels around it.

    Tukey 1977, Exploratory Data Analysis; its statistics: Justusson 1981,
    doi:10.1007/BFb0057597. With less than one pixel of radius nothing changes. Channels are
    filtered one by one, and the image is continued by its reflection.

    Args:
        radius: of the disc in pixels for σ = 1.
    """

    estimator = "smoother"

    def __init__(self, radius: float) -> None:
        self.radius = radius

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the medians; see the class."""
        window = disc(self.radius * sigma)
        return on_array(
            image, lambda array: median_filter(array, footprint=window[np.newaxis, np.newaxis])
        )


def disc(radius: float) -> np.ndarray:
    """Return the pixels within a radius of the middle one, as a square of bools."""
    reach = np.arange(-int(radius), int(radius) + 1)
    inside: np.ndarray = reach[:, np.newaxis] ** 2 + reach**2 <= radius**2
    return inside
