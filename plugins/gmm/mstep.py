"""The M-step: from moments to weights and covariances."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .em import Moments
from .mixture import Mixture


@dataclass(frozen=True)
class Maximise:
    r"""πₖ = Nₖ/N and Σₖ = (Sₖ + ν τₖ I) / (Nₖ + ν), with no eigenvalue below the floor.

    τₖ = tr(Sₖ) / (d Nₖ) is the component's contrast. The vectors are whitened, so I is the
    covariance of all of them: a component with few vectors looks like the average of all, at its
    own contrast. This is the posterior mode under an inverse Wishart prior of that mean. With
    ν = 0, raising the eigenvalues that are too small is the exact maximum under Σₖ ⪰ floor.

    Args:
        scale: standard deviations, d; a whitened vector v is u / scale, and u has orthonormal coordinates.
        floor: least variance of u in any direction.
        shrinkage: ν.
    """

    scale: Tensor
    floor: float
    shrinkage: float

    def __call__(self, moments: Moments) -> Mixture:
        """Return the mixture, in whitened coordinates."""
        counts = moments.counts[:, None, None]
        contrast = moments.second.diagonal(dim1=1, dim2=2).mean(1)[:, None, None] / counts
        average = torch.eye(len(self.scale), dtype=moments.second.dtype)
        covariances = (moments.second + self.shrinkage * contrast * average) / (counts + self.shrinkage)
        units = self.scale[:, None] * self.scale
        values, vectors = torch.linalg.eigh(covariances * units)
        floored = (vectors * values.clamp(min=self.floor)[:, None, :]) @ vectors.mT
        return Mixture(moments.counts / moments.counts.sum(), floored / units)
