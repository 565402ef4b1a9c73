"""Simpler densities made of a mixture: without its shapes, and without its contrasts too."""

from __future__ import annotations

import torch

from plugins.gmm.mixture import Mixture

STEPS = 20


def one_gaussian(mixture: Mixture) -> Mixture:
    """Return the Gaussian with the covariance of the whole mixture, Σₖ πₖΣₖ."""
    total = torch.einsum("k,kij->ij", mixture.weights, mixture.covariances)
    return Mixture(torch.ones(1, dtype=torch.float64), total[None])


def scaled_copies(mixture: Mixture) -> Mixture:
    r"""Return the Gaussian scale mixture Σₖ πₖ N(0, sₖS) with a mixture's weights and one shape S.

    sₖ and S minimise Σₖ πₖ KL(N(0, Σₖ) ‖ N(0, sₖS)), by turns:

        S = Σₖ πₖ Σₖ / sₖ,    sₖ = tr(S⁻¹Σₖ) / d.
    """
    weights, covariances = mixture.weights, mixture.covariances
    scales = covariances.diagonal(dim1=1, dim2=2).mean(1)
    # Each step minimises over S for fixed scales, then over the scales for fixed S.
    for _ in range(STEPS):
        shape = torch.einsum("k,kij->ij", weights / scales, covariances)
        scales = torch.einsum("ij,kji->k", torch.linalg.inv(shape), covariances) / len(shape)
    return Mixture(weights, scales[:, None, None] * shape)
