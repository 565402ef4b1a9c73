"""Down-sampling by a separable kernel: the operator of super-resolution."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from priorbench.operators.base import Arguments, LinearOperator, check_weights
from priorbench.operators.resampling import KERNELS, resampling_matrix
from priorbench.types import Image, Observation, Resized


class Downsample(LinearOperator):
    r"""Hx = A x Bᵀ with one resampling matrix for the columns and one for the rows.

    ``bicubic`` is MATLAB's ``imresize`` with its antialiasing and its symmetric boundary, before
    rounding.

    The data step is exact for every boundary and kernel. With HHᵀ = AAᵀ ⊗ BBᵀ diagonal in the
    product of the two factors' eigenvectors, Woodbury's identity gives x = v + Hᵀ (HHᵀ + ρ/λ)⁻¹ (y
    − Hv); Zhao et al. 2016, doi:10.1109/TIP.2016.2567075, do the same in the Fourier domain.

    Args:
        image_shape: (C, H, W), multiples of the factor.
        factor: how many times smaller the observation is, in each direction.
        kernel: ``bicubic``, ``lanczos2`` or ``area``.
        dtype: precision of the matrices.
        device: where they are.

    Raises:
        ValueError: the factor does not divide the image's sides, or the kernel is unknown.
    """

    name = "downsample"

    def __init__(
        self,
        image_shape: Sequence[int],
        factor: int,
        kernel: str = "bicubic",
        dtype: torch.dtype = torch.float32,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(image_shape)
        channels, height, width = self.image_shape
        check_factor(factor, height, width)
        if kernel not in KERNELS:
            raise ValueError(f"kernel must be one of {', '.join(KERNELS)}, not {kernel!r}")
        self.factor, self.kernel = factor, kernel
        self.observation_shape = (channels, height // factor, width // factor)
        self._rows = _Axis(height, factor, kernel, dtype, device)
        self._columns = _Axis(width, factor, kernel, dtype, device)
        # Eigenvalues of a Kronecker product are products of eigenvalues.
        self._eigenvalues = self._rows.eigenvalues[:, None] * self._columns.eigenvalues

    def forward(self, x: Image) -> Observation:
        """Return A x Bᵀ."""
        return self._rows.matrix @ x @ self._columns.matrix.mT

    def adjoint(self, y: Observation) -> Image:
        """Return Aᵀ y B."""
        return self._rows.matrix.mT @ y @ self._columns.matrix

    def arguments(self) -> Arguments:
        """Return the image's shape, the factor and the kernel."""
        return {"image_shape": self.image_shape, "factor": self.factor, "kernel": self.kernel}

    def norm(self) -> float:
        """Return the product of the matrices' largest singular values."""
        return float(self._eigenvalues.max().sqrt())

    def data_step(self, y: Observation, v: Image, fidelity: float, penalty: float) -> Image:
        """Return v + Hᵀ (HHᵀ + ρ/λ)⁻¹ (y − Hv)."""
        check_weights(fidelity, penalty)
        # ρ/λ would be infinite.
        if fidelity == 0:
            return v
        rows, columns = self._rows, self._columns
        # In the eigenvectors' coordinates HHᵀ + ρ/λ is a division.
        residual = rows.vectors.mT @ y @ columns.vectors - rows.rotated @ v @ columns.rotated.mT
        return (
            v
            + rows.rotated.mT
            @ (residual / (self._eigenvalues + penalty / fidelity))
            @ columns.rotated
        )

    def estimate(self, y: Observation) -> Image:
        """Return y enlarged by bicubic interpolation, as MATLAB's ``imresize`` does."""
        return enlarge(y, self.image_shape[1], self.image_shape[2])

    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> Downsample:
        """Return this operator on another device or with another precision."""
        matrix = self._rows.matrix
        return Downsample(
            self.image_shape,
            self.factor,
            self.kernel,
            dtype or matrix.dtype,
            device or matrix.device,
        )

    def zeros(self) -> Image:
        """Return a black image, on the device and with the precision of the interpolation."""
        return self._rows.matrix.new_zeros(1, *self.image_shape)


class _Axis:
    """Resampling along one axis, with the eigenvectors of the matrix times its transpose."""

    def __init__(
        self,
        length: int,
        factor: int,
        kernel: str,
        dtype: torch.dtype,
        device: torch.device | str | None,
    ) -> None:
        # In float64, whatever the operator's precision: eigenvectors lose digits.
        matrix = resampling_matrix(length, length // factor, kernel)
        eigenvalues, vectors = torch.linalg.eigh(matrix @ matrix.mT)
        self.matrix, self.vectors, self.rotated, self.eigenvalues = (
            tensor.to(device=device, dtype=dtype)
            for tensor in (matrix, vectors, vectors.mT @ matrix, eigenvalues)
        )


def check_factor(factor: int, height: int, width: int) -> None:
    """Raise ValueError unless ``factor`` is a whole number above 0 that divides both sides."""
    if factor < 1 or factor != int(factor):
        raise ValueError(f"the factor must be a whole number of at least 1, not {factor}")
    if height % factor or width % factor:
        fitting = f"{height - height % factor} × {width - width % factor}"
        raise ValueError(
            f"the factor {factor} does not divide {height} × {width}: crop the image to {fitting}"
        )


def enlarge(y: Resized, height: int, width: int, shift: float = 0.0) -> Image:
    """Return ``y`` enlarged to height × width by bicubic interpolation.

    Args:
        y: B × C × h × w.
        height: rows of the result.
        width: columns of the result.
        shift: added to the positions where y is sampled, in its pixels.
    """
    rows, columns = (
        resampling_matrix(length, new, shift=shift).to(y)
        for length, new in ((y.shape[-2], height), (y.shape[-1], width))
    )
    return rows @ y @ columns.mT
