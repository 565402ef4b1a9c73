"""Expectation–maximisation for zero-mean Gaussian mixtures.

Dempster, Laird & Rubin 1977, doi:10.1111/j.2517-6161.1977.tb01600.x. The large products run in the
vectors' own precision (float32); sums over blocks and everything of the size of the model are float64.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .mixture import Mixture, Scores
from .quadratic import feature_blocks, packed_size, unpack

EMPTY = 1.0
"""A component that is expected to hold fewer vectors than this is empty."""


@dataclass(frozen=True)
class Moments:
    """What the M-step needs.

    Args:
        counts: Nₖ = Σₙ rₖₙ, float64.
        second: Σₙ rₖₙ vₙvₙᵀ, K × d × d, float64.
    """

    counts: Tensor
    second: Tensor


@dataclass(frozen=True)
class Step:
    """A mixture and how it does.

    Args:
        iteration: how many E- and M-steps led to it from the start.
        mixture: the mixture.
        train: mean log-likelihood of the training vectors, in nats.
        held_out: mean log-likelihood of the held-out vectors, in nats.
        seconds: since the step before, or since the start.
        reseeded: how many empty components got new parameters in this step.
    """

    iteration: int
    mixture: Mixture
    train: float
    held_out: float
    seconds: float
    reseeded: int


def em(
    train: Tensor, held_out: Tensor, start: Moments, maximise: Callable[[Moments], Mixture], iterations: int
) -> Iterator[Step]:
    """Yield the mixture of ``start`` and that of each of ``iterations`` steps.

    Args:
        train: d × N.
        held_out: d × M.
        start: the first moments, for example those of :func:`assigned`.
        maximise: the M-step, from moments to a mixture.
        iterations: the most steps.
    """
    moments = start
    for iteration in range(iterations + 1):
        began = time.perf_counter()
        moments, reseeded = split_heaviest(moments)
        mixture = maximise(moments)
        moments, likelihood = expectation(mixture, train)
        held_out_likelihood = log_likelihood(mixture, held_out)
        seconds = time.perf_counter() - began
        yield Step(iteration, mixture, likelihood, held_out_likelihood, seconds, reseeded)


def expectation(mixture: Mixture, vectors: Tensor) -> tuple[Moments, float]:
    """Return the moments under the posteriors of ``vectors`` (d × N), and the mean of log p(v).

    One pass: the features of a block serve its scores and its moments.
    """
    total = torch.zeros((), dtype=torch.float64)

    def posteriors() -> Iterator[tuple[Tensor, Tensor]]:
        for _, features, scores in Scores(mixture, vectors.dtype)(vectors):
            total.add_(scores.logsumexp(1).sum(dtype=torch.float64))
            yield features, scores.softmax(1)

    moments = _accumulate(posteriors(), len(mixture.weights), vectors.shape[0])
    return moments, float(total) / vectors.shape[1]


def assigned(labels: Tensor, components: int, vectors: Tensor) -> Moments:
    """Return the moments when each of ``vectors`` (d × N) belongs to the one component in ``labels`` (N)."""

    def posteriors() -> Iterator[tuple[Tensor, Tensor]]:
        for block, features in feature_blocks(vectors):
            yield features, torch.nn.functional.one_hot(labels[block], components).to(features.dtype)

    return _accumulate(posteriors(), components, vectors.shape[0])


def log_likelihood(mixture: Mixture, vectors: Tensor) -> float:
    """Return the mean of log p(v) over ``vectors`` (d × N), in nats."""
    scores = Scores(mixture, vectors.dtype)(vectors)
    total = sum(float(block.logsumexp(1).sum(dtype=torch.float64)) for _, _, block in scores)
    return total / vectors.shape[1]


def split_heaviest(moments: Moments) -> tuple[Moments, int]:
    """Give each empty component half of the heaviest one; return the new moments and how many were empty.

    The halves differ in contrast, √2 up and √2 down: scaled copies of a covariance are what
    natural patches use most (Zoran & Weiss, NIPS 2012), and EM then moves them apart.
    """
    counts, second = moments.counts.clone(), moments.second.clone()
    empty = (counts < EMPTY).nonzero().flatten().tolist()
    for component in empty:
        heaviest = int(counts.argmax())
        half, total = counts[heaviest] / 2, second[heaviest].clone()
        counts[component], second[component] = half, total
        counts[heaviest], second[heaviest] = half, total / 4
    return Moments(counts, second), len(empty)


def _accumulate(posteriors: Iterator[tuple[Tensor, Tensor]], components: int, dimension: int) -> Moments:
    counts = torch.zeros(components, dtype=torch.float64)
    second = torch.zeros(components, packed_size(dimension), dtype=torch.float64)
    for features, weights in posteriors:
        counts += weights.sum(0, dtype=torch.float64)
        second += weights.mT @ features.mT
    return Moments(counts, unpack(second))
