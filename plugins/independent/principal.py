"""Principal components that are independent."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from priorbench.numerics.patches import PatchSet, principal_axes
from priorbench.types import Patches

from .marginals import Marginals
from .model import Estimator, Independent
from .shrinkage import Shrinkage


class PrincipalComponents(Independent):
    """p(x) = ∏ᵢ pᵢ(aᵢᵀx), with the orthonormal principal axes aᵢ of the patches without their mean.

    Args:
        **parameters: fields of :class:`IndependentParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    def learn_axes(
        self, patches: PatchSet, generator: torch.Generator
    ) -> tuple[Tensor, Mapping[str, float]]:
        """Return the eigenvectors of the patches' covariance, in rising order of variance."""
        return principal_axes(patches)[0], {}

    def check_axes(self, axes: Tensor) -> None:
        """Raise ValueError if ``axes`` are not orthonormal and orthogonal to the constant patch."""
        within = axes @ self._basis
        if not torch.allclose(
            within @ within.mT, torch.eye(len(axes), dtype=axes.dtype), atol=1e-6
        ):
            raise ValueError("axes must be orthonormal on patches without their mean")
        if axes.sum(1).abs().max() > 1e-6:
            raise ValueError("axes must be orthogonal to the constant patch")

    def log_constant(self, axes: Tensor, marginals: Marginals) -> float:
        """Return 0: a rotation keeps volumes."""
        return 0.0

    def sample(self, count: int, generator: torch.Generator) -> Patches:
        """Return patches drawn from p, with mean 0, in float32."""
        axes, marginals = self.model
        return (axes.mT @ marginals.sample(count, generator)).mT.float()

    def estimator(self, noise_variance: float, dtype: torch.dtype) -> Estimator:
        """Return the MAP estimator under white noise of variance s: component by component."""
        axes, marginals = self.model
        axes, shrink = axes.to(dtype), Shrinkage(marginals, noise_variance, dtype)
        return lambda x: axes.mT @ shrink(axes @ x)
