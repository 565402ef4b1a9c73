"""Non-local means."""

from __future__ import annotations

import numpy as np
import torch
from skimage.restoration import denoise_nl_means

from priorbench.priors import Denoiser
from priorbench.types import Image


class NonLocalMeans(Denoiser):
    r"""Each pixel is a mean over a window, weighted by the similarity of the patches around pixels.

        x̂ᵢ = Σⱼ wᵢⱼ yⱼ / Σⱼ wᵢⱼ,   wᵢⱼ = exp(−max(d²(Pᵢy, Pⱼy) − 2σ², 0) / h²),

    with d² the mean squared difference of two patches. Buades, Coll & Morel 2005,
    doi:10.1109/CVPR.2005.38; the fast form by integral images, doi:10.1109/ISBI.2008.4541250, and
    weights below exp(−5) left out.

    Args:
        h: filtering parameter, as a multiple of σ.
        patch_size: side of a patch in pixels.
        patch_distance: the window reaches this many pixels from its centre.
    """

    estimator = "smoother"

    def __init__(self, h: float, patch_size: int, patch_distance: int) -> None:
        self.h = h
        self.patch_size = patch_size
        self.patch_distance = patch_distance

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the weighted means; see the class."""
        arrays = image.permute(0, 2, 3, 1).cpu().numpy()
        means = np.stack([self._denoise(array, sigma).reshape(array.shape) for array in arrays])
        return torch.from_numpy(means).permute(0, 3, 1, 2).to(image).contiguous()

    def _denoise(self, array: np.ndarray, sigma: float) -> np.ndarray:
        height, width, channels = array.shape
        # scikit-image drops every axis of length 1 from its result, and then can't find the
        # channels.
        array = np.pad(array, ((0, height == 1), (0, width == 1), (0, 0)), mode="edge")
        means: np.ndarray = denoise_nl_means(
            array[..., 0] if channels == 1 else array,
            patch_size=self.patch_size,
            patch_distance=self.patch_distance,
            h=self.h * sigma,
            sigma=sigma,
            fast_mode=True,
            channel_axis=None if channels == 1 else 2,
        )
        return means[:height, :width]
