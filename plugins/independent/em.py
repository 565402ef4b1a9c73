"""Expectation–maximisation for the scale mixtures of all coordinates at once.

Dempster, Laird & Rubin 1977, doi:10.1111/j.2517-6161.1977.tb01600.x. Posteriors are computed in the
values' own precision (float32), sums over blocks in float64.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .marginals import Marginals

Blocks = Callable[[], Iterable[Tensor]]
"""Yields all values, in blocks of d × n; it can be called again."""

SPREAD = (-3.0, 1.0)
"""log₁₀ of the least and the largest variance at the start, up to a factor."""

PSEUDO_COUNT = 1e-3
"""What each Gaussian holds beside its share of the values, so that none ever vanishes."""


@dataclass(frozen=True)
class Moments:
    """What the M-step needs, of each Gaussian of each coordinate.

    Args:
        share: the mean posterior probability, d × J, float64.
        second: the mean of posterior probability times v², d × J, float64.
        count: how many values of each coordinate were seen.
    """

    share: Tensor
    second: Tensor
    count: int


@dataclass(frozen=True)
class Step:
    """Marginals and how they do.

    Args:
        iteration: how many E- and M-steps led to them from the start.
        marginals: the marginals.
        train: mean of Σᵢ log pᵢ over the training values, in nats.
        held_out: the same over the held-out values.
        seconds: since the step before, or since the start.
    """

    iteration: int
    marginals: Marginals
    train: float
    held_out: float
    seconds: float


def em(
    train: Blocks,
    held_out: Blocks,
    start: Marginals,
    maximise: Callable[[Marginals, Moments], Marginals],
    iterations: int,
) -> Iterator[Step]:
    """Yield ``start`` and the marginals after each of ``iterations`` steps.

    Args:
        train: the training values.
        held_out: the held-out values.
        start: the first marginals.
        maximise: the M-step, from marginals and the moments under them to the next marginals.
        iterations: the most steps.
    """
    marginals = start
    for iteration in range(iterations + 1):
        began = time.perf_counter()
        moments, likelihood = expectation(marginals, train())
        measured = log_likelihood(marginals, held_out())
        yield Step(iteration, marginals, likelihood, measured, time.perf_counter() - began)
        marginals = maximise(marginals, moments)


def spread(values: Iterable[Tensor], scales: int, floor: float) -> Marginals:
    """Return equal weights on variances even in the logarithm, whose mean is the values'."""
    total, count = torch.zeros((), dtype=torch.float64), 0
    for block in values:
        total = total + block.square().sum(1, dtype=torch.float64)
        count += block.shape[1]
    factors = 10 ** torch.linspace(*SPREAD, scales, dtype=torch.float64)
    variances = (total[:, None] / count * factors / factors.mean()).clamp(min=floor)
    return Marginals(torch.full_like(variances, 1 / scales), variances)


def expectation(marginals: Marginals, values: Iterable[Tensor]) -> tuple[Moments, float]:
    """Return the moments under the posteriors of ``values``, and the mean of Σᵢ log pᵢ(vᵢ)."""
    share, second = torch.zeros_like(marginals.weights), torch.zeros_like(marginals.weights)
    total, count = 0.0, 0
    for block in values:
        joint = marginals.joint(block)
        total += float(joint.logsumexp(1).sum(dtype=torch.float64))
        posterior = joint.softmax(1)
        share += posterior.sum(2, dtype=torch.float64)
        second += (posterior @ block.square()[:, :, None])[:, :, 0]
        count += block.shape[1]
    return Moments(share / count, second / count, count), total / count


def log_likelihood(marginals: Marginals, values: Iterable[Tensor]) -> float:
    """Return the mean of Σᵢ log pᵢ(vᵢ) over the columns of ``values``, in nats."""
    total, count = 0.0, 0
    for block in values:
        total += float(marginals.log_prob(block).sum(dtype=torch.float64))
        count += block.shape[1]
    return total / count


def maximise(marginals: Marginals, moments: Moments, expected: Moments, floor: float) -> Marginals:
    """Return marginals whose expected moments are nearer to those of the values.

        w ← w · share / expected share,    σ² ← σ² · (second / share) / (expected second / expected
        share)

    Where the expected moments are w and wσ², as they are without a constraint, this is the M-step
    of EM. A fixed point has the expected moments of the values, which is where the gradient of the
    likelihood vanishes.

    Args:
        marginals: the present ones.
        moments: of the values, under the present posteriors.
        expected: of the present model.
        floor: the least variance.
    """
    pseudo = PSEUDO_COUNT / moments.count
    share = moments.share + pseudo * expected.share
    second = moments.second + pseudo * expected.second
    weights = marginals.weights * share / expected.share
    variances = marginals.variances * (second / share) / (expected.second / expected.share)
    return Marginals(weights / weights.sum(1, keepdim=True), variances.clamp(min=floor))
