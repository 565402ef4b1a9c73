"""What a component of a mixture of patches is like: its contrast, its spectrum, its orientation.

Covariances are those of the pixels, K × D × D in float64, with the constant patch in their null
space.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import torch
from torch import Tensor

Group: TypeAlias = Literal["flat", "texture", "edge"]

GROUPS: tuple[Group, ...] = ("flat", "texture", "edge")
FLAT = 5 / 255
"""A component of less contrast is flat: it can hardly be seen."""
COHERENT = 0.8
"""Coherence of the strongest eigenvector of an edge, at least.

Nine tenths of its gradients' energy lie along one axis then.
"""
SHARE = 0.3
"""Part of the variance that it holds, at least."""
LEAD = 1.5
"""How many times as much it holds as the next one, at least.

Textures have pairs of equals: two phases, or two orientations.
"""


def effective_number(weights: Tensor) -> float:
    """Return exp(−Σₖ πₖ log πₖ), the perplexity of the weights.

    It is K for K equal weights, and 1 if one has all.
    """
    return float(torch.special.entr(weights.double()).sum().exp())


def contrasts(covariances: Tensor) -> Tensor:
    """Return cₖ = √(tr Σₖ / (D − 1)), K: the deviation on the D − 1 dimensions without the mean.

    The contrast of a patch is that of its own xxᵀ; the units are those of the pixels, on [0, 1].
    """
    trace: Tensor = covariances.diagonal(dim1=-2, dim2=-1).sum(-1)
    return (trace / (covariances.shape[-1] - 1)).sqrt()


def effective_ranks(covariances: Tensor) -> Tensor:
    """Return exp(−Σᵢ pᵢ log pᵢ) with pᵢ as in :func:`shares`, K, from 1 to D − 1.

    It is that of Roy & Vetterli, EUSIPCO 2007.
    """
    entropy: Tensor = torch.special.entr(shares(covariances)).sum(-1)
    return entropy.exp()


def shares(covariances: Tensor) -> Tensor:
    """Return λᵢ / Σⱼ λⱼ, K × D, largest first: the shares of the eigenvectors in the variance."""
    values: Tensor = torch.linalg.eigvalsh(covariances).clamp(min=0).flip(-1)
    return values / values.sum(-1, keepdim=True)


def coherences(patches: Tensor) -> Tensor:
    """Return (μ₁ − μ₂) / (μ₁ + μ₂), N, with μ₁ ≥ μ₂ the eigenvalues of Σ ∇x ∇xᵀ over each patch.

    0 is no orientation, 1 is one orientation only (Bigün, Granlund & Wiklund 1991,
    doi:10.1109/34.85668).

    Args:
        patches: N × D, none of them constant.
    """
    across, down = (
        patches @ derivative.mT for derivative in gradients(math.isqrt(patches.shape[1]))
    )
    xx, yy, xy = (product.sum(1) for product in (across * across, down * down, across * down))
    return ((xx - yy).square() + 4 * xy.square()).sqrt() / (xx + yy)


def gradients(side: int) -> tuple[Tensor, Tensor]:
    """Return the horizontal and the vertical derivative, (side − 1)² × side².

    Both are taken where four pixels meet.
    """
    identity = torch.eye(side, dtype=torch.float64)
    difference = identity[1:] - identity[:-1]
    average = (identity[1:] + identity[:-1]) / 2
    return torch.kron(average, difference), torch.kron(difference, average)


def groups(covariances: Tensor) -> list[Group]:
    """Return for each component what it mostly draws.

    ``flat``: contrast below :data:`FLAT`. ``edge``: of the others, those with one oriented pattern
    that stands out: the strongest eigenvector has at least the coherence :data:`COHERENT`, holds at
    least :data:`SHARE` of the variance, and :data:`LEAD` times as much as the next. ``texture``:
    the rest.
    """
    # λ₁ and λ₂ as parts of the variance.
    first, second = shares(covariances)[:, :2].mT
    coherence = coherences(leading(covariances, 1)[..., 0])
    flat = (contrasts(covariances) < FLAT).tolist()
    edge = ((coherence >= COHERENT) & (first >= SHARE) & (first >= LEAD * second)).tolist()
    return [
        "flat" if is_flat else "edge" if is_edge else "texture"
        for is_flat, is_edge in zip(flat, edge, strict=True)
    ]


def leading(covariances: Tensor, count: int) -> Tensor:
    """Return the eigenvectors of the largest eigenvalues, K × D × count, strongest first."""
    vectors: Tensor = torch.linalg.eigh(covariances).eigenvectors
    return vectors[..., -count:].flip(-1)
