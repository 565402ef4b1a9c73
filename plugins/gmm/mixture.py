"""A zero-mean Gaussian mixture whose component scores are evaluated by packed products."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .quadratic import feature_blocks, pack


@dataclass(frozen=True)
class Mixture:
    """p(u) = Σₖ πₖ N(u; 0, Σₖ).

    Args:
        weights: π, K numbers that sum to 1, float64.
        covariances: Σ, K × d × d, positive definite, float64.
    """

    weights: Tensor
    covariances: Tensor

    def whiten(self) -> tuple[Mixture, Tensor]:
        """Return this mixture in coordinates where its covariance Σₖ πₖΣₖ is I, and the map W, d × d.

        v = Wᵀu. The scores of u are those of v plus log |det W|. In these coordinates the products
        of entries are of one size, which is what makes float32 enough for the quadratic forms.
        """
        covariance = torch.einsum("k,kij->ij", self.weights, self.covariances)
        values, vectors = torch.linalg.eigh(covariance)
        whitening = vectors * values.rsqrt()
        return Mixture(self.weights, whitening.mT @ self.covariances @ whitening), whitening


class Scores:
    """log πₖ + log N(v; 0, Σₖ) for blocks of vectors.

    Args:
        mixture: with covariances of moderate condition; see :meth:`Mixture.whiten`.
        dtype: of the arithmetic.
    """

    def __init__(self, mixture: Mixture, dtype: torch.dtype = torch.float32) -> None:
        factors = torch.linalg.cholesky(mixture.covariances)
        half_log_det = factors.diagonal(dim1=1, dim2=2).log().sum(1)
        dimension = mixture.covariances.shape[-1]
        constant = mixture.weights.log() - half_log_det - dimension / 2 * math.log(2 * math.pi)
        self._constant = constant.to(dtype)
        self._coefficients = (-0.5 * pack(torch.cholesky_inverse(factors))).to(dtype)

    def __call__(self, vectors: Tensor) -> Iterator[tuple[slice, Tensor, Tensor]]:
        """Yield blocks of columns of ``vectors`` (d × N), their features and their scores, n × K."""
        for block, features in feature_blocks(vectors):
            # The other way round, ΦᵀCᵀ, the product takes up to 40 times as long for 2 to 15 components.
            yield block, features, torch.addmm(self._constant[:, None], self._coefficients, features).mT
