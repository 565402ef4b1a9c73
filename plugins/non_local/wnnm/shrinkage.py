"""Singular values of groups of patches, shrunk: the proximal maps of two norms."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

WEIGHT = 2 * math.sqrt(2)
"""C of the weights C √K σ² / ŝ."""
TINY = 1e-30
"""Least square whose root is divided by."""

Shrinkage = Callable[[Tensor, Tensor, torch.Size], Tensor]
"""From the squared singular values of noisy matrices, G × min(K, D), the σ of the noise in each, G,
and their shape, G × K × D, to the factors of the singular values."""


def weighted(squares: Tensor, sigma: Tensor, shape: torch.Size) -> Tensor:
    r"""Return the factors of the weighted nuclear norm: each s becomes max(s − C √K σ² / ŝ, 0).

    ŝ = √max(s² − Kσ², 0) is the singular value without the noise. As the weights grow where the
    singular values fall, this is the minimum of ½‖X − Y‖² + Σᵢ wᵢ sᵢ(X): Gu et al. 2017,
    doi:10.1007/s11263-016-0930-5.
    """
    variance = sigma.square()[:, None]
    clean = (squares - shape[1] * variance).clamp(min=TINY).sqrt()
    removed = WEIGHT * math.sqrt(shape[1]) * variance / (clean * squares.clamp(min=TINY).sqrt())
    return torch.clamp(1 - removed, min=0)


def uniform(strength: float) -> Shrinkage:
    r"""Return the factors of the nuclear norm: each s becomes max(s − τ, 0).

    τ = ``strength`` · (√K + √D) σ, a multiple of the largest singular value that noise alone is
    expected to have.
    """

    def factors(squares: Tensor, sigma: Tensor, shape: torch.Size) -> Tensor:
        _, count, length = shape
        largest = (math.sqrt(count) + math.sqrt(length)) * sigma[:, None]
        removed = strength * largest / squares.clamp(min=TINY).sqrt()
        return torch.clamp(1 - removed, min=0)

    return factors


def shrink(groups: Tensor, sigma: Tensor, shrinkage: Shrinkage) -> Tensor:
    """Return groups of patches, G × K × D, with their singular values around the mean shrunk.

    With Y a group without its mean patch, YᵀY = V diag(s²) Vᵀ, and the result is Y V diag(f) Vᵀ and
    the mean. The eigenvectors of the smaller one of YᵀY and YYᵀ take less time than a singular
    value decomposition.

    Args:
        groups: G × K × D.
        sigma: of the noise in each group, G.
        shrinkage: gives the factors f.
    """
    mean = groups.mean(1, keepdim=True)
    centred = groups - mean
    is_wide = groups.shape[1] < groups.shape[2]
    tall = centred.mT if is_wide else centred
    squares, vectors = eigen(tall.mT @ tall)
    factors = shrinkage(squares, sigma, groups.shape)
    shrunk: Tensor = tall @ ((vectors * factors[:, None]) @ vectors.mT)
    return mean + (shrunk.mT if is_wide else shrunk)


def eigen(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """Return the eigenvalues and eigenvectors of symmetric matrices.

    MKL's divide and conquer (ssyevd) gives NaN for some matrices of low rank in a batch; these are
    decomposed again in float64.

    Args:
        matrices: G × D × D.
    """
    values, vectors = torch.linalg.eigh(matrices)
    failed = ~vectors.isfinite().all(2).all(1)
    if failed.any():
        again = torch.linalg.eigh(matrices[failed].double())
        values[failed] = again.eigenvalues.to(values)
        vectors[failed] = again.eigenvectors.to(vectors)
    return values, vectors
