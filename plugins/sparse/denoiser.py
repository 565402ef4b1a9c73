"""What the denoisers of sparse patches share."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from priorbench.numerics.reflection import at_least
from priorbench.priors import Denoiser
from priorbench.solvers.colour import denoise_planes
from priorbench.types import Image, Patches, Plane

from .dictionary import LearnsDictionary, without_mean
from .parameters import SparseParameters
from .restoration import averaged


class SparseDenoiser(Denoiser, LearnsDictionary):
    """Patches with sparse codes, averaged where they overlap and with the noisy image.

    Colour is denoised in opponent planes.

    Args:
        parameters: of the prior.
    """

    estimator = "smoother"

    def __init__(self, parameters: SparseParameters) -> None:
        super().__init__(parameters)
        self._noisy_weight = parameters.noisy_weight

    @abstractmethod
    def sparse(self, signals: Patches, dictionary: Tensor, sigma: float) -> Patches:
        """Return Σⱼ γⱼdⱼ with a sparse code γ of each signal.

        Args:
            signals: patches without their means, with noise of standard deviation σ, N × D.
            dictionary: one atom a row, (K − 1) × D.
            sigma: σ.
        """

    def dictionary_for(self, plane: Plane, sigma: float) -> Tensor:
        """Return the dictionary for the patches of a noisy plane, by default the learned one.

        Args:
            plane: H × W, each side at least that of a patch.
            sigma: of its noise.
        """
        return self.dictionary.to(plane)

    @torch.no_grad()
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the mean of the sparse patches; the images themselves if σ ≤ 0."""
        if sigma <= 0:
            return image
        return denoise_planes(image, sigma, self._denoised)

    def _denoised(self, plane: Plane, sigma: float) -> Plane:
        height, width = plane.shape
        plane = at_least(plane[None], self.patch_size)[0]
        dictionary = self.dictionary_for(plane, sigma)

        def estimate(patches: Patches) -> Patches:
            signals, mean = without_mean(patches)
            return self.sparse(signals, dictionary, sigma) + mean

        weight = self._noisy_weight / (255 * sigma)
        return averaged(plane, self.patch_size, estimate, weight)[:height, :width]
