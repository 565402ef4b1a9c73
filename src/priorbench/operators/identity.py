"""The identity: nothing is lost, only noise is added."""

from __future__ import annotations

from priorbench.operators.base import Arguments, LinearOperator, check_weights
from priorbench.types import Image, Observation


class Identity(LinearOperator):
    """H = I, the operator of denoising."""

    name = "identity"

    def forward(self, x: Image) -> Observation:
        """Return x."""
        return x

    def adjoint(self, y: Observation) -> Image:
        """Return y."""
        return y

    def arguments(self) -> Arguments:
        """Return the image's shape."""
        return {"image_shape": self.image_shape}

    def norm(self) -> float:
        """Return 1."""
        return 1.0

    def data_step(self, y: Observation, v: Image, fidelity: float, penalty: float) -> Image:
        """Return (λy + ρv) / (λ + ρ)."""
        check_weights(fidelity, penalty)
        return (fidelity * y + penalty * v) / (fidelity + penalty)

    def estimate(self, y: Observation) -> Image:
        """Return y."""
        return y
