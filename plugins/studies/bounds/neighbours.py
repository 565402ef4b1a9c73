"""Bounds on estimates of a pixel from the window around it, by nearest neighbours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from priorbench.types import Patches, Scores

__all__ = ["Bound", "Posterior", "bound", "posterior"]

NEIGHBOURS = 10
"""Effective number of neighbours from which a window counts as having some.

The variance among n neighbours is too small by 1/n on average.
"""


class Posterior(NamedTuple):
    """What windows say of the pixels in their middle.

    Attributes:
        mean: posterior mean of each, N.
        variance: posterior variance of each, N.
        neighbours: effective number of examples that it rests on, (Σw)²/Σw², N.
    """

    mean: Scores
    variance: Scores
    neighbours: Scores


class Bound(NamedTuple):
    """Bounds on the mean squared error of the best estimate from a window.

    Attributes:
        reached: mean squared error of the posterior means, which is reached.
        least: mean posterior variance. No estimate has less error, as far as the examples tell.
        share: part of the windows that have :data:`NEIGHBOURS` neighbours.
    """

    reached: float
    least: float
    share: float


def posterior(noisy: Patches, examples: Iterable[Patches], sigma: float) -> Posterior:
    r"""Return the posterior of the pixel in the middle of windows, under examples as the prior.

        p(x | y) ∝ Σᵢ wᵢ δ(x − xᵢ),   wᵢ = exp(−‖y − xᵢ‖² / 2σ²).

    Levin & Nadler 2011, doi:10.1109/CVPR.2011.5995309.

    Args:
        noisy: y, N × D with D odd, the middle pixel in the middle.
        examples: clean windows xᵢ, in batches of n × D.
        sigma: σ of the noise.
    """
    middle = noisy.shape[1] // 2
    largest = noisy.new_full((len(noisy),), -torch.inf)
    # Sums of w, wx, wx² and w², each relative to the largest weight so far.
    sums = noisy.new_zeros(4, len(noisy), dtype=torch.float64)
    for batch in examples:
        distances = torch.cdist(noisy, batch, compute_mode="use_mm_for_euclid_dist")
        exponents = distances.square_().div_(-2 * sigma**2)
        rise = torch.maximum(largest, exponents.amax(1))
        weights = (exponents - rise[:, None]).exp_()
        values = batch[:, middle]
        powers = torch.stack([torch.ones_like(values), values, values.square()], dim=1)
        new = torch.cat([weights @ powers, weights.square().sum(1, keepdim=True)], dim=1)
        fall = (largest - rise).double().exp()
        sums *= torch.stack([fall, fall, fall, fall**2])
        sums += new.mT
        largest = rise
    total, first, second, squares = sums
    mean = first / total
    variance = (second / total - mean**2).clamp(min=0)
    return Posterior(mean.to(noisy), variance.to(noisy), (total**2 / squares).to(noisy))


def bound(clean: Patches, noisy: Patches, examples: Iterable[Patches], sigma: float) -> Bound:
    """Return the bounds that windows and their clean versions give.

    Args:
        clean: x, N × D.
        noisy: y, N × D.
        examples: clean windows of other images, in batches of n × D.
        sigma: σ of the noise.
    """
    found = posterior(noisy, examples, sigma)
    return Bound(
        reached=_mean((found.mean - clean[:, clean.shape[1] // 2]).square()),
        least=_mean(found.variance),
        share=_mean((found.neighbours >= NEIGHBOURS).double()),
    )


def _mean(values: Tensor) -> float:
    return float(values.double().mean())
