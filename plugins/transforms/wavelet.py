"""Wavelet shrinkage."""

from __future__ import annotations

from itertools import product

import numpy as np
import pywt
from skimage.restoration import denoise_wavelet

from priorbench.priors import Denoiser
from priorbench.types import Image

from .arrays import on_each_image


class Wavelet(Denoiser):
    r"""Wavelet coefficients, soft-thresholded at σ²/σ_w, σ_w the signal's deviation in a sub-band.

    BayesShrink: Chang, Yu & Vetterli 2000, doi:10.1109/83.862633. Cycle spinning, the mean over
    shifts of the wavelets' grid: Coifman & Donoho 1995, doi:10.1007/978-1-4612-2544-7_9. RGB is
    shrunk as YCbCr.

    Args:
        wavelet: name of an orthogonal wavelet.
        levels: scales of the decomposition, at most those that fit into the image.
        shifts: the grid is shifted by 0 … ``shifts`` pixels along both axes.
    """

    estimator = "smoother"

    def __init__(self, wavelet: str, levels: int, shifts: int) -> None:
        self.wavelet = wavelet
        self.levels = levels
        self.shifts = shifts

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the mean of the shrunk images; see the class."""
        return on_each_image(image, lambda array: self._spin(array, sigma))

    def _spin(self, array: np.ndarray, sigma: float) -> np.ndarray:
        results: list[np.ndarray] = [
            # Growing the image shifts the grid without wrapping one border round to the other.
            self._shrink(np.pad(array, ((top, 0), (left, 0), (0, 0)), mode="symmetric"), sigma)[
                top:, left:
            ]
            for top, left in product(range(self.shifts + 1), repeat=2)
        ]
        mean: np.ndarray = np.mean(results, axis=0)
        return mean

    def _shrink(self, array: np.ndarray, sigma: float) -> np.ndarray:
        levels = min(self.levels, pywt.dwtn_max_level(array.shape[:2], self.wavelet))
        if levels == 0:
            return array
        shrunk: np.ndarray = denoise_wavelet(
            array,
            sigma=sigma,
            wavelet=self.wavelet,
            wavelet_levels=levels,
            method="BayesShrink",
            convert2ycbcr=array.shape[2] == 3,
            channel_axis=2,
        )
        return shrunk
