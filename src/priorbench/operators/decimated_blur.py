"""Blur, then keep one pixel of each block: super-resolution with any kernel."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from priorbench.operators.base import Arguments, LinearOperator, check_weights
from priorbench.operators.blur import Blur
from priorbench.operators.downsample import check_factor, enlarge
from priorbench.types import Image, Observation


class DecimatedBlur(LinearOperator):
    r"""Hx = S (k * x): circular convolution, then every s-th pixel in both directions.

    The pixel kept is the block's middle one, for an even factor the one before the middle. The data
    step is the closed form of Zhao et al. 2016, doi:10.1109/TIP.2016.2567075: HHᵀ is circulant on
    the coarse grid, with |k̂|² averaged over the frequencies that alias as eigenvalues, so x = v +
    Hᵀ (HHᵀ + ρ/λ)⁻¹ (y − Hv) takes Fourier transforms only.

    Args:
        kernel: k, with odd sides, not negative; the same for all channels.
        image_shape: (C, H, W), multiples of the factor.
        factor: s.

    Raises:
        ValueError: the kernel is no kernel or larger than the image, or the factor does not divide
            its sides.
    """

    name = "decimated-blur"

    def __init__(self, kernel: Tensor, image_shape: Sequence[int], factor: int) -> None:
        super().__init__(image_shape)
        channels, height, width = self.image_shape
        check_factor(factor, height, width)
        self.kernel, self.factor = kernel, factor
        self.observation_shape = (channels, height // factor, width // factor)
        # The block's middle pixel, or the one before the middle.
        self._first = (factor - 1) // 2
        self._blur = Blur(kernel, self.image_shape)
        delta = torch.zeros(1, 1, height, width, dtype=kernel.dtype, device=kernel.device)
        delta[..., 0, 0] = 1
        # The autocorrelation of k, kept at every s-th lag, is the first column of HHᵀ.
        response = self._blur.forward(self._blur.adjoint(delta))[0, 0, ::factor, ::factor]
        # HHᵀ is positive semidefinite; rounding is not.
        self._eigenvalues = torch.fft.rfft2(response).real.clamp(min=0)

    def forward(self, x: Image) -> Observation:
        """Return S (k * x)."""
        return self._blur.forward(x)[..., self._first :: self.factor, self._first :: self.factor]

    def adjoint(self, y: Observation) -> Image:
        """Return the correlation of k with y spread over the fine grid."""
        spread = y.new_zeros(*y.shape[:2], *self.image_shape[1:])
        spread[..., self._first :: self.factor, self._first :: self.factor] = y
        return self._blur.adjoint(spread)

    def arguments(self) -> Arguments:
        """Return the kernel, the image's shape and the factor."""
        return {"kernel": self.kernel, "image_shape": self.image_shape, "factor": self.factor}

    def norm(self) -> float:
        """Return the root of the largest eigenvalue of HHᵀ."""
        return float(self._eigenvalues.max().sqrt())

    def data_step(self, y: Observation, v: Image, fidelity: float, penalty: float) -> Image:
        """Return v + Hᵀ (HHᵀ + ρ/λ)⁻¹ (y − Hv)."""
        check_weights(fidelity, penalty)
        # ρ/λ would be infinite.
        if fidelity == 0:
            return v
        spectrum = torch.fft.rfft2(y - self.forward(v)) / (self._eigenvalues + penalty / fidelity)
        return v + self.adjoint(torch.fft.irfft2(spectrum, s=y.shape[-2:]))

    def estimate(self, y: Observation) -> Image:
        """Return y enlarged by bicubic interpolation, its pixels where they were."""
        # For an even factor the pixel kept lies half a pixel before the block's centre.
        offset = (self.factor - 1) / 2 - self._first
        return enlarge(y, self.image_shape[1], self.image_shape[2], shift=offset / self.factor)
