"""A mixture of patches seen through white Gaussian noise of one variance."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.types import Patches

from .mixture import Mixture, Scores


class Posterior:
    """Which component a noisy patch came from, and what it was.

    Args:
        mixture: of the coordinates u = Bᵀx.
        basis: B, D × d, orthonormal and orthogonal to the constant patch.
        noise_variance: s ≥ 0.
        dtype: of the patches and the arithmetic.

    Raises:
        ValueError: the noise variance is negative or not finite.
    """

    def __init__(self, mixture: Mixture, basis: Tensor, noise_variance: float, dtype: torch.dtype) -> None:
        if not 0 <= noise_variance < float("inf"):
            raise ValueError(f"noise_variance must be a finite number of at least 0, not {noise_variance}")
        self.noise_variance = noise_variance
        self.dtype = dtype
        pixels = basis.shape[0]
        noise = noise_variance * torch.eye(basis.shape[1], dtype=basis.dtype)
        noisy = Mixture(mixture.weights, mixture.covariances + noise)
        whitened, whitening = noisy.whiten()
        self._scores = Scores(whitened, dtype)
        self._log_det = float(torch.linalg.slogdet(whitening).logabsdet)
        self._projection = (basis @ whitening).to(dtype)
        # Σ(Σ + sI)⁻¹ = I − s(Σ + sI)⁻¹ needs no product of a matrix with its own inverse. The constant
        # patch, which the basis leaves out, passes unchanged: so the filter of u is a filter of x.
        inverses = basis @ torch.cholesky_inverse(torch.linalg.cholesky(noisy.covariances)) @ basis.mT
        self._filters = (torch.eye(pixels, dtype=basis.dtype) - noise_variance * inverses).to(dtype)

    def log_prob(self, patches: Patches) -> Tensor:
        """Return the log density of each noisy patch, in nats."""
        result = patches.new_empty(len(patches))
        for block, _, scores in self._scores(self._whiten(patches)):
            result[block] = scores.logsumexp(1)
        return result + self._log_det

    def select(self, patches: Patches) -> Tensor:
        """Return the most probable component of each noisy patch."""
        result = torch.empty(len(patches), dtype=torch.long)
        for block, _, scores in self._scores(self._whiten(patches)):
            result[block] = scores.argmax(1)
        return result

    def estimate(self, patches: Patches, out: Patches) -> None:
        """Write the Wiener estimate of each patch within its selected component to ``out``."""
        labels = self.select(patches)
        order = labels.argsort()
        ordered = patches[order]
        filtered = torch.empty_like(ordered)
        first = 0
        for component, count in enumerate(labels.bincount().tolist()):
            last = first + count
            torch.mm(ordered[first:last], self._filters[component], out=filtered[first:last])
            first = last
        out[order] = filtered

    def _whiten(self, patches: Patches) -> Tensor:
        centred = patches - patches.mean(1, keepdim=True)
        return (centred @ self._projection).mT.contiguous()
