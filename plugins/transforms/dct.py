"""Hard thresholds in the cosine transform of all patches."""

from __future__ import annotations

import numpy as np
import torch
from scipy.fft import dct

from priorbench.priors import Denoiser
from priorbench.solvers.aggregation import average_everywhere
from priorbench.solvers.colour import denoise_planes
from priorbench.types import Image, Patches, Plane


class SlidingDct(Denoiser):
    r"""The mean over all patches of their cosine transforms without coefficients below λσ.

    Yu & Sapiro 2011, doi:10.5201/ipol.2011.ys-dct: patches at every pixel, a hard threshold, equal
    weights. The mean of a patch is always kept. RGB is denoised as three opponent planes, as there.

    Args:
        size: side of a patch; that of the image, if it is less.
        threshold: λ.
    """

    estimator = "smoother"

    def __init__(self, size: int, threshold: float) -> None:
        self.size = size
        self.threshold = threshold

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the mean of the thresholded patches; see the class."""
        return denoise_planes(image, sigma, self._denoised)

    def _denoised(self, plane: Plane, sigma: float) -> Plane:
        size = min(self.size, *plane.shape)
        cosines = torch.from_numpy(dct(np.eye(size), axis=0, norm="ortho"))
        # One product for both axes: faster than two of small matrices.
        basis = torch.kron(cosines, cosines).to(plane)

        def thresholded(patches: Patches) -> Patches:
            return _large(patches @ basis.mT, self.threshold * sigma) @ basis

        average = torch.empty_like(plane)
        for _ in average_everywhere(plane, size, thresholded, average):
            pass
        return average


def _large(spectra: Patches, threshold: float) -> Patches:
    """Return the coefficients that are above a threshold, and the first, each patch's mean."""
    kept = torch.where(spectra.abs() > threshold, spectra, 0)
    kept[:, 0] = spectra[:, 0]
    return kept
