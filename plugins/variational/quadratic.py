"""Least squares with a quadratic penalty of the gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.operators import Blur, LinearOperator, conjugate_gradients
from priorbench.types import Image

from .differences import divergence, gradient, roughness
from .noise import gain

__all__ = ["Smoothing"]


class Smoothing:
    r"""Solves (HᵀH + κ ∇ᵀ∇) x = b by preconditioned conjugate gradients.

    The preconditioner is the inverse for a torus, with HᵀH as a convolution: for a blur that of its
    kernel, for any other H the mean of its eigenvalues.

    Args:
        operator: H.
        like: a tensor on the device of the images, of their precision.
        iterations: the most steps.
    """

    def __init__(self, operator: LinearOperator, like: Tensor, iterations: int) -> None:
        self.operator, self.iterations = operator, iterations
        height, width = operator.image_shape[1:]
        self._roughness = roughness(height, width).to(like)
        self._power: Tensor | float = gain(operator, like) ** 2
        if isinstance(operator, Blur):
            impulse = like.new_zeros(1, *operator.image_shape)
            impulse[..., height // 2, width // 2] = 1
            response = operator.adjoint(operator.forward(impulse))[0, 0]
            self._power = torch.fft.rfft2(response).abs()

    def solve(self, right: Image, smoothness: float, start: Image) -> Image:
        """Return x to a relative residual of 10⁻⁵.

        Args:
            right: b.
            smoothness: κ.
            start: the first x.
        """
        operator = self.operator
        # Where H is blind to all but ∇ the mean gray is free: some of it is held.
        symbol = self._power + smoothness * self._roughness
        symbol = symbol.clamp(min=1e-6 * float(symbol.max()))

        def normal(x: Tensor) -> Tensor:
            return operator.adjoint(operator.forward(x)) + smoothness * divergence(gradient(x))

        def precondition(r: Tensor) -> Tensor:
            smoothed: Tensor = torch.fft.irfft2(torch.fft.rfft2(r) / symbol, s=r.shape[-2:])
            return smoothed

        return conjugate_gradients(
            normal,
            right,
            start=start,
            precondition=precondition,
            tolerance=1e-10 if right.dtype == torch.float64 else 1e-5,
            iterations=self.iterations,
        )
