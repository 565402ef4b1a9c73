"""One operator after another."""

from __future__ import annotations

import torch

from priorbench.operators.base import Arguments, LinearOperator
from priorbench.types import Image, Observation


class Composition(LinearOperator):
    """Hx = G(Fx). The data step is that of conjugate gradients.

    Args:
        outer: G.
        inner: F, applied first.

    Raises:
        ValueError: the outer operator does not act on what the inner one gives.
    """

    name = "composition"

    def __init__(self, outer: LinearOperator, inner: LinearOperator) -> None:
        if outer.image_shape != inner.observation_shape:
            raise ValueError(
                f"{outer.name} acts on images of shape {outer.image_shape} "
                f"but {inner.name} gives {inner.observation_shape}"
            )
        super().__init__(inner.image_shape)
        self.outer, self.inner = outer, inner
        self.observation_shape = outer.observation_shape

    def forward(self, x: Image) -> Observation:
        """Return G(Fx)."""
        return self.outer.forward(self.inner.forward(x))

    def adjoint(self, y: Observation) -> Image:
        """Return Fᵀ(Gᵀy)."""
        return self.inner.adjoint(self.outer.adjoint(y))

    def arguments(self) -> Arguments:
        """Return the two operators."""
        return {"outer": self.outer, "inner": self.inner}

    def restrict(self, y: Observation) -> Observation:
        """Return y with zeros where the outer operator lets nothing through."""
        return self.outer.restrict(y)

    def precondition(self, residual: Image, fidelity: float, penalty: float) -> Image:
        """Return what suits the inner operator: the outer one is mostly a mask or a reduction."""
        return self.inner.precondition(residual, fidelity, penalty)

    def estimate(self, y: Observation) -> Image:
        """Return the inner operator's estimate from the outer one's."""
        return self.inner.estimate(self.outer.estimate(y))

    def zeros(self) -> Image:
        """Return a black image, on the device and with the precision of both operators."""
        zeros, outer = self.inner.zeros(), self.outer.zeros()
        # An operator without tensors of its own says CPU.
        device = outer.device if zeros.device.type == "cpu" else zeros.device
        return zeros.to(device, torch.promote_types(zeros.dtype, outer.dtype))
