"""A mixture that goes on learning from the noisy patches of the image it restores."""

from __future__ import annotations

import torch
from torch import Tensor

from .em import expectation
from .mixture import Mixture

RELEVANCE = 200.0
"""Patches that must choose a component before they count as much as what it has learned before."""


def adapt(mixture: Mixture, vectors: Tensor, noise_variance: float, steps: int) -> Mixture:
    r"""Return the mixture after steps of EM on vectors y = u + n, with n white noise of variance s.

    What is known of u from y and its component is N(Fₖy, sFₖ) with Fₖ = Σₖ(Σₖ + sI)⁻¹, so with the
    moments Sₖ = mean of rₖₙ yₙyₙᵀ over rₖₙ the M-step of a component with nₖ patches is

        Σ̂ₖ = FₖSₖFₖᵀ + sFₖ,    Σₖ ← (nₖ Σ̂ₖ + ρ Σₖ⁰) / (nₖ + ρ),    πₖ ← (nₖ + ρKπₖ⁰) / (n + ρK),

    a mode under the conjugate prior around what was learned from the training images, as in
    Luo, Chan & Nguyen 2016, doi:10.1109/TIP.2016.2565321.

    Args:
        mixture: of u.
        vectors: y, N × d.
        noise_variance: s.
        steps: how many.
    """
    first = mixture
    total = RELEVANCE * len(first.weights)
    identity = torch.eye(vectors.shape[1], dtype=torch.float64)
    for _ in range(steps):
        noisy = mixture.covariances + noise_variance * identity
        scale = torch.einsum("k,kij->ij", mixture.weights, noisy).diagonal().sqrt()
        units = scale[:, None] * scale
        moments, _ = expectation(
            Mixture(mixture.weights, noisy / units), (vectors / scale.to(vectors)).mT
        )
        counts = moments.counts
        filters = torch.linalg.solve(noisy, mixture.covariances).mT
        second = moments.second * units / counts.clamp(min=1e-12)[:, None, None]
        own = filters @ second @ filters.mT + noise_variance * filters
        share = (counts / (counts + RELEVANCE))[:, None, None]
        covariances = share * own + (1 - share) * first.covariances
        weights = (counts + total * first.weights) / (len(vectors) + total)
        mixture = Mixture(weights, (covariances + covariances.mT) / 2)
    return mixture
