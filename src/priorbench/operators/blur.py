"""Blur: convolution with a known kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.operators.base import Arguments, LinearOperator, check_weights
from priorbench.operators.fourier import check_kernel, transfer_function
from priorbench.types import Image, Observation

Boundary = Literal["circular", "valid"]


class Blur(LinearOperator):
    r"""Hx = k * x, the operator of de-blurring.

    With the boundary ``circular`` the image continues at its opposite side and H is diagonal in the
    Fourier domain. With ``valid`` only pixels are observed that depend on nothing outside the
    image, as in a photograph of a larger scene; the observation is smaller than the image by the
    kernel's sides less one.

    Args:
        kernel: k, with odd sides, not negative; the same for all channels.
        image_shape: (C, H, W).
        boundary: ``circular`` or ``valid``.

    Raises:
        ValueError: the kernel is no kernel or larger than the image, or the boundary is unknown.
    """

    name = "blur"

    def __init__(
        self, kernel: Tensor, image_shape: Sequence[int], boundary: Boundary = "circular"
    ) -> None:
        super().__init__(image_shape)
        _, height, width = self.image_shape
        check_kernel(kernel, height, width)
        if boundary not in get_args(Boundary):
            raise ValueError(
                f"boundary must be one of {', '.join(get_args(Boundary))}, not {boundary!r}"
            )
        self.kernel, self.boundary = kernel, boundary
        self._margin = (
            (0, 0) if boundary == "circular" else (kernel.shape[0] // 2, kernel.shape[1] // 2)
        )
        self._transfer = transfer_function(kernel, height, width)
        # Resolved once: a lazy conjugate would be resolved in each product.
        self._conjugate = self._transfer.conj().resolve_conj()
        self._power = self._transfer.abs().square()

    def forward(self, x: Image) -> Observation:
        """Return k * x."""
        rows, columns = self._margin
        blurred = self._filter(x, self._transfer)
        return blurred[..., rows : blurred.shape[-2] - rows, columns : blurred.shape[-1] - columns]

    def adjoint(self, y: Observation) -> Image:
        """Return the correlation of k with y, which is zero outside what is observed."""
        rows, columns = self._margin
        # The adjoint of cutting a border is padding it with zeros.
        return self._filter(F.pad(y, (columns, columns, rows, rows)), self._conjugate)

    def arguments(self) -> Arguments:
        """Return the kernel, the image's shape and the boundary."""
        return {
            "kernel": self.kernel,
            "image_shape": self.image_shape,
            "boundary": self.boundary,
        }

    def norm(self) -> float:
        """Return max |k̂| for the circular boundary, where k̂ is the kernel's Fourier transform."""
        return float(self._transfer.abs().max()) if self.boundary == "circular" else super().norm()

    def data_step(self, y: Observation, v: Image, fidelity: float, penalty: float) -> Image:
        r"""Return F⁻¹ (λ k̂* ŷ + ρ v̂) / (λ|k̂|² + ρ) for the circular boundary.

        For ``valid``, conjugate gradients preconditioned by the circular solution.
        """
        if self.boundary == "valid":
            return super().data_step(y, v, fidelity, penalty)
        check_weights(fidelity, penalty)
        # In place: each further array would be as large as the image.
        spectrum = torch.fft.rfft2(v).mul_(penalty)
        spectrum.addcmul_(self._conjugate, torch.fft.rfft2(y), value=fidelity)
        spectrum.mul_((fidelity * self._power + penalty).reciprocal_())
        restored: Image = torch.fft.irfft2(spectrum, s=v.shape[-2:])
        return restored

    def precondition(self, residual: Image, fidelity: float, penalty: float) -> Image:
        """Return the solution for the circular boundary."""
        return self._filter(residual, (fidelity * self._power + penalty).reciprocal_())

    def estimate(self, y: Observation) -> Image:
        """Return y, continued by its border where it is smaller than the image."""
        rows, columns = self._margin
        return F.pad(y, (columns, columns, rows, rows), mode="replicate") if rows or columns else y

    def _filter(self, x: Tensor, response: Tensor) -> Tensor:
        filtered: Tensor = torch.fft.irfft2(torch.fft.rfft2(x) * response, s=x.shape[-2:])
        return filtered
