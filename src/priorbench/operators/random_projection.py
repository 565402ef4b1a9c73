"""Random projections: the operator of compressed sensing."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.operators.base import Arguments, LinearOperator, check_weights
from priorbench.types import Image, Observation


class RandomProjection(LinearOperator):
    r"""Hx = S F (s ⊙ x): random signs, an orthonormal transform, a random selection.

    F is the two-dimensional Hartley transform, which is real, orthonormal and its own inverse for
    images of any size. So HHᵀ = I. Do, Gan, Nguyen & Tran 2012, doi:10.1109/TSP.2011.2170977.

    Args:
        signs: bool, H × W; true where the sign of a pixel is turned. The same in all channels.
        selected: int64, M; which of the H·W coefficients are observed, none twice.
        channels: C.

    Raises:
        ValueError: the signs are no bool matrix, or the selected coefficients are none, outside, or
            repeated.
    """

    name = "random-projection"

    def __init__(self, signs: Tensor, selected: Tensor, channels: int = 1) -> None:
        if signs.ndim != 2 or signs.dtype != torch.bool:
            raise ValueError(
                f"signs must be a bool matrix, not {signs.dtype} of shape {tuple(signs.shape)}"
            )
        super().__init__((channels, signs.shape[0], signs.shape[1]))
        if selected.ndim != 1 or selected.dtype != torch.int64 or not len(selected):
            raise ValueError("selected must be a vector of int64 with at least one entry")
        if selected.min() < 0 or selected.max() >= signs.numel() or selected.bincount().max() > 1:
            raise ValueError(f"selected must hold different numbers from 0 to {signs.numel() - 1}")
        self.signs, self.selected = signs, selected
        self.observation_shape = (channels, 1, len(selected))

    def forward(self, x: Image) -> Observation:
        """Return the selected coefficients, B × C × 1 × M."""
        return _hartley(self._turn(x)).flatten(2)[:, :, None, self.selected]

    def adjoint(self, y: Observation) -> Image:
        """Return the image with these coefficients and zeros for the others."""
        coefficients = y.new_zeros(*y.shape[:2], self.signs.numel())
        coefficients[:, :, self.selected] = y[:, :, 0]
        return self._turn(_hartley(coefficients.reshape(*y.shape[:2], *self.signs.shape)))

    def arguments(self) -> Arguments:
        """Return the signs, the selected coefficients and the number of channels."""
        return {"signs": self.signs, "selected": self.selected, "channels": self.image_shape[0]}

    def norm(self) -> float:
        """Return 1."""
        return 1.0

    def data_step(self, y: Observation, v: Image, fidelity: float, penalty: float) -> Image:
        """Return v + λ/(λ + ρ) Hᵀ (y − Hv), exact because of HHᵀ = I."""
        check_weights(fidelity, penalty)
        return v + fidelity / (fidelity + penalty) * self.adjoint(y - self.forward(v))

    def _turn(self, x: Image) -> Image:
        return torch.where(self.signs, -x, x)


def _hartley(x: Image) -> Image:
    """Return Re − Im of the orthonormal Fourier transform over the last two dimensions."""
    # The imaginary part is −Σ x sin, so this is the sum with cas = cos + sin.
    spectrum = torch.fft.fft2(x, norm="ortho")
    transformed: Image = spectrum.real - spectrum.imag
    return transformed
