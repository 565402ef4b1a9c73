"""Singular values of groups of patches, shrunk: the proximal maps of two norms."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

WEIGHT = 2 * math.sqrt(2)
"""C of the weights C √K σ² / x."""
TINY = 1e-30
"""Least squared singular value that is divided by."""

Shrinkage = Callable[[Tensor, Tensor, torch.Size], Tensor]
"""From the squared singular values of noisy matrices, G × min(K, D), the σ of the noise in each, G,
and their shape, G × K × D, to the factors of the singular values."""


def weighted(squares: Tensor, sigma: Tensor, shape: torch.Size) -> Tensor:
    r"""Return the factors of the weighted nuclear norm: each s becomes x = max(s − C √K σ² / x, 0).

    The weight of a singular value is that of the estimate itself. Where this has a solution, the
    stable one is x = (s + √(s² − 4C √K σ²)) / 2 (Gu et al. 2017, doi:10.1007/s11263-016-0930-5);
    elsewhere x = 0.
    """
    weight = WEIGHT * math.sqrt(shape[1]) * sigma.square()[:, None]
    rest = 1 - 4 * weight / squares.clamp(min=TINY)
    return torch.where(rest > 0, (1 + rest.clamp(min=0).sqrt()) / 2, 0)


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
    squares, vectors = torch.linalg.eigh(tall.mT @ tall)
    factors = shrinkage(squares, sigma, groups.shape)
    shrunk: Tensor = tall @ ((vectors * factors[:, None]) @ vectors.mT)
    return mean + (shrunk.mT if is_wide else shrunk)
