"""The M-step: from moments to weights and covariances."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .em import Moments
from .mixture import Mixture

SMALLEST = torch.finfo(torch.float64).tiny


@dataclass(frozen=True)
class Maximise:
    r"""πₖ = Nₖ/N and Σₖ = (Sₖ + ν τₖ I) / (Nₖ + ν), with no eigenvalue below the floor.

    τₖ = tr(Sₖ) / (d Nₖ) is the component's contrast. The vectors are whitened, so I is the
    covariance of all of them: a component with few vectors looks like the average of all, at its
    own contrast. This is the posterior mode under an inverse Wishart prior of that mean. With
    ν = 0, raising the eigenvalues that are too small is the exact maximum under Σₖ ⪰ floor.

    Args:
        scale: standard deviations, d; a whitened vector v is u / scale, and u has orthonormal
            coordinates.
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
        covariances = (moments.second + self.shrinkage * contrast * average) / (
            counts + self.shrinkage
        )
        return Mixture(moments.counts / moments.counts.sum(), self.raised(covariances))

    def raised(self, covariances: Tensor) -> Tensor:
        """Return whitened covariances, K × d × d, with u's eigenvalues raised to the floor."""
        units = self.scale[:, None] * self.scale
        covariances = covariances * units
        least = self.floor * torch.eye(len(self.scale), dtype=covariances.dtype)
        # Cholesky factorisations find those that need it much faster than eigenvalues do.
        low = torch.linalg.cholesky_ex(covariances - least).info.nonzero().flatten()
        if len(low):
            values, vectors = torch.linalg.eigh(covariances[low])
            covariances[low] = (vectors * values.clamp(min=self.floor)[:, None, :]) @ vectors.mT
        return covariances / units


@dataclass(frozen=True)
class MaximiseScales:
    r"""πₖ = Nₖ/N and Σₖ = cₖΣ: a Gaussian scale mixture, one covariance at K contrasts.

    The two are maximised in turn: cₖ = tr(Σ⁻¹Sₖ) / (d Nₖ) and Σ = Σₖ Sₖ/cₖ / N. Wainwright &
    Simoncelli 1999, "Scale mixtures of Gaussians and the statistics of natural images".

    Args:
        full: the M-step of free covariances, for its floor.
        turns: how often.
    """

    full: Maximise
    turns: int = 5

    def __call__(self, moments: Moments) -> Mixture:
        """Return the mixture, in whitened coordinates."""
        total = moments.counts.sum()
        average = self._raised(moments.second.sum(0) / total)
        for _ in range(self.turns):
            inverse = torch.linalg.inv(average)
            traces = torch.einsum("ij,kij->k", inverse, moments.second)
            # Patches of one constant have none.
            contrasts = (traces / (len(average) * moments.counts)).clamp(min=SMALLEST)
            average = self._raised((moments.second / contrasts[:, None, None]).sum(0) / total)
        return Mixture(moments.counts / total, self.full.raised(contrasts[:, None, None] * average))

    def _raised(self, covariance: Tensor) -> Tensor:
        return self.full.raised(covariance[None])[0]
