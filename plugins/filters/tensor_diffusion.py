"""Weickert's edge-enhancing and coherence-enhancing diffusion."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import lambertw

from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.priors import Denoiser
from priorbench.types import Image

from .arrays import on_array
from .diffusion_time import steps_of
from .tensor_grid import Eigen, Tensors, divergence, eigen, gradients, tensors_of

STEEPNESS = 8
"""m of Weickert's conductivity 1 − exp(−C (s/λ)⁻ᵐ), for gradients of length s."""
FLOW_CONSTANT = float(-lambertw(-np.exp(-1 / STEEPNESS) / STEEPNESS, k=-1).real - 1 / STEEPNESS)
"""C for which the flow s (1 − exp(−C (s/λ)⁻ᵐ)) is greatest at s = λ: exp(C) = 1 + mC, C > 0."""


class TensorDiffusion(Denoiser):
    r"""∂u/∂t = div(D ∇u), with a tensor D of the gradients of a smoothed u.

    Weickert 1998, Anisotropic Diffusion in Image Processing, Teubner; 1999,
    doi:10.1023/A:1008009714131. J = g_ρ * Σ_c ∇u_c ∇u_cᵀ has the gradients of all channels after a
    Gaussian filter of ``presmoothing`` pixels, and D has the eigenvectors of J. Time ends at
    (wσ)²/2; nothing flows over the border.

    Args:
        width: w: with D = I the filter is a Gaussian of w σ pixels.
        contrast: what counts as structure, in multiples of σ.
        presmoothing: standard deviation in pixels of the filter before gradients are taken.
        integration: ρ, standard deviation in pixels of the filter of their products.
    """

    estimator = "smoother"

    def __init__(
        self, width: float, contrast: float, presmoothing: float, integration: float
    ) -> None:
        self.width = width
        self.contrast = contrast
        self.presmoothing = presmoothing
        self.integration = integration

    @abstractmethod
    def conductivity(self, structure: Eigen, contrast: float) -> tuple[np.ndarray, np.ndarray]:
        """Return D's eigenvalues across and along the structure, in [0, 1].

        Args:
            structure: eigenvalues of J; the greater is across.
            contrast: what counts as structure, in intensity a pixel.
        """

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return u at the end; see the class."""
        contrast = self.contrast * max(sigma, NOISE_FLOOR)
        time = (self.width * sigma) ** 2 / 2
        return on_array(image, lambda array: self._diffused(array, time, contrast))

    def _diffused(self, u: np.ndarray, time: float, contrast: float) -> np.ndarray:
        for step in steps_of(time):
            u = u + step * divergence(u, self._diffusion_tensors(u, contrast))
        return u

    def _diffusion_tensors(self, u: np.ndarray, contrast: float) -> Tensors:
        x, y = gradients(_smoothed(u, self.presmoothing))
        products = (x * x, x * y, y * y)
        sums = (product.sum(axis=1, keepdims=True) for product in products)
        structure = eigen(Tensors(*(_smoothed(each, self.integration) for each in sums)))
        across, along = self.conductivity(structure, contrast)
        return tensors_of(Eigen(across, along, structure.cosine, structure.sine))


class EdgeEnhancing(TensorDiffusion):
    r"""D is 1 along edges and 1 − exp(−C (λ/s)⁸) across, s the gradient's length and λ = cσ."""

    def __init__(self, width: float, contrast: float, presmoothing: float) -> None:
        super().__init__(width, contrast, presmoothing, integration=0)

    def conductivity(self, structure: Eigen, contrast: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the eigenvalues of D; see the class."""
        # Beyond a hundredth of the contrast the conductivity is 1 in every digit.
        squares = np.maximum(structure.greater / contrast**2, 1e-4)
        across = -np.expm1(-FLOW_CONSTANT * squares ** (-STEEPNESS / 2))
        return across, np.ones_like(across)


class CoherenceEnhancing(TensorDiffusion):
    r"""D is α across lines and α + (1 − α) exp(−(cσ)⁴ / (μ₁ − μ₂)²) along, μ the eigenvalues of J.

    Args:
        width: w: with D = I the filter is a Gaussian of w σ pixels.
        contrast: c: below this multiple of σ the square root of μ₁ − μ₂ counts as no line.
        presmoothing: standard deviation in pixels of the filter before gradients are taken.
        integration: ρ, standard deviation in pixels of the filter of their products.
        leak: α, the conductivity across lines and where there are none.
    """

    def __init__(
        self,
        width: float,
        contrast: float,
        presmoothing: float,
        integration: float,
        leak: float,
    ) -> None:
        super().__init__(width, contrast, presmoothing, integration)
        self.leak = leak

    def conductivity(self, structure: Eigen, contrast: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the eigenvalues of D; see the class."""
        coherence = (structure.greater - structure.lesser) / contrast**2
        along = self.leak + (1 - self.leak) * np.exp(-(np.maximum(coherence, 1e-9) ** -2))
        return np.full_like(along, self.leak), along


def _smoothed(array: np.ndarray, width: float) -> np.ndarray:
    smoothed: np.ndarray = gaussian_filter(array, (0, 0, width, width))
    return smoothed
