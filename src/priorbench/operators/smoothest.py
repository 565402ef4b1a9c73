"""The smoothest image that agrees with an observation, whatever the operator."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.operators.base import LinearOperator, conjugate_gradients
from priorbench.types import Image, Observation

ROUGHNESS = 1e-2
"""Weight of the gradient against the data; chosen with operators of norm 1."""


def smoothest_image(operator: LinearOperator, y: Observation) -> Image:
    r"""Return argmin_x ‖Hx − y‖² + μ ‖∇x‖², each channel of x for itself.

    ∇ is the difference of neighbouring pixels, without any across the border. What H does not see
    is continued from what it sees, as by a membrane. By preconditioned conjugate gradients.

    Args:
        operator: H.
        y: the observation, B × c × h × w.
    """
    shape = (len(y), *operator.image_shape)

    def normal(x: Tensor) -> Tensor:
        return operator.adjoint(operator.forward(x)) + ROUGHNESS * _laplacian(x)

    # Hutchinson's estimate of the trace of HᵀH, by one probe.
    probe = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(y)
    seen = float(operator.forward(probe).square().sum() / probe.square().sum())
    # (c + μ |ω|²)⁻¹ with the mean c of HᵀH: close to the inverse where H treats all pixels alike.
    symbol = seen + ROUGHNESS * _spectrum(shape[-2], shape[-1]).to(y) + 1e-6

    def precondition(r: Tensor) -> Tensor:
        smoothed: Tensor = torch.fft.irfft2(torch.fft.rfft2(r) / symbol, s=shape[-2:])
        return smoothed

    # Mid-gray stays where the observation says nothing.
    gray = torch.full(shape, 0.5, dtype=y.dtype, device=y.device)
    return conjugate_gradients(
        normal,
        operator.adjoint(y),
        start=gray,
        precondition=precondition,
        tolerance=1e-10 if y.dtype == torch.float64 else 1e-6,
        iterations=500,
    )


def _laplacian(x: Tensor) -> Tensor:
    """Return ∇ᵀ∇x."""
    result = torch.zeros_like(x)
    for axis in (-2, -1):
        difference = x.diff(dim=axis)
        length = x.shape[axis]
        # ∇ᵀ: each difference acts on both of its pixels.
        result.narrow(axis, 0, length - 1).sub_(difference)
        result.narrow(axis, 1, length - 1).add_(difference)
    return result


def _spectrum(height: int, width: int) -> Tensor:
    """Return the eigenvalues of a torus's Laplacian in the order of :func:`torch.fft.rfft2`."""
    rows = 2 - 2 * torch.cos(2 * torch.pi * torch.fft.fftfreq(height))
    columns = 2 - 2 * torch.cos(2 * torch.pi * torch.fft.rfftfreq(width))
    return rows[:, None] + columns
