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

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Return vectors drawn from p, ``count`` × d."""
        labels = torch.multinomial(self.weights, count, replacement=True, generator=generator)
        vectors = torch.randn(
            count, self.covariances.shape[-1], dtype=torch.float64, generator=generator
        )
        for component, factor in enumerate(torch.linalg.cholesky(self.covariances)):
            own = labels == component
            vectors[own] = vectors[own] @ factor.mT
        return vectors


class Scores:
    """log πₖ + log N(u; 0, Σₖ) for blocks of vectors v = u / scale.

    Vectors should be scaled so that all of them together have variances of about 1: the products of
    entries are then of one size, which is what makes float32 enough for the quadratic forms.

    Args:
        weights: π, K, float64.
        precisions: Σₖ⁻¹ of v, K × d × d, float64.
        half_log_det: ½ log |Σₖ| of u, K, float64.
        dtype: of the arithmetic.
        device: of the arithmetic.
    """

    def __init__(
        self,
        weights: Tensor,
        precisions: Tensor,
        half_log_det: Tensor,
        dtype: torch.dtype,
        device: torch.device | None = None,
    ) -> None:
        dimension = precisions.shape[-1]
        self._constant = (weights.log() - half_log_det - dimension / 2 * math.log(2 * math.pi)).to(
            device, dtype
        )
        self._coefficients = (-0.5 * pack(precisions)).to(device, dtype)

    @classmethod
    def of(cls, mixture: Mixture, vectors: Tensor) -> Scores:
        """Return the scores of a mixture for scaled vectors of the dtype of ``vectors``."""
        factors = torch.linalg.cholesky(mixture.covariances)
        half_log_det = factors.diagonal(dim1=1, dim2=2).log().sum(1)
        return cls(
            mixture.weights,
            torch.cholesky_inverse(factors),
            half_log_det,
            vectors.dtype,
            vectors.device,
        )

    def __call__(self, vectors: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """Yield blocks of columns of ``vectors`` (d × N) and their scores, K × n."""
        for block, features in feature_blocks(vectors):
            # The other way round, ΦᵀCᵀ, the product takes up to 40 times as long for 2 to 15
            # components.
            yield block, torch.addmm(self._constant[:, None], self._coefficients, features)
