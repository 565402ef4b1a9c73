"""Incremental expectation–maximisation for zero-mean Gaussian mixtures.

The patches come in batches, always the same ones. The M-step follows every batch and takes the
latest moments of all batches: an E-step for a part of the data and an M-step for all of it, so the
bound on the likelihood climbs as in plain EM, without a step size, and in far fewer passes (Neal &
Hinton 1998, doi:10.1007/978-94-011-5014-9_12). A set that is one batch is learned by plain EM.

The large products run in the vectors' own precision (float32); everything of the size of the model
is float64.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from priorbench.numerics.threads import in_threads

from .mixture import Mixture, Scores
from .quadratic import triangle, unpack

EMPTY = 1.0
"""A component that is expected to hold fewer vectors than this is empty."""
VECTORS_IN_A_CHUNK = 1 << 13
NEGLIGIBLE = 1e-3
"""Responsibilities below it are left out, and the others of their vector made up to 1."""


@dataclass(frozen=True)
class Moments:
    """What the M-step needs.

    Args:
        counts: Nₖ = Σₙ rₖₙ, K, float64.
        second: Σₙ rₖₙ vₙvₙᵀ, K × d × d, float64.
    """

    counts: Tensor
    second: Tensor


class State:
    """All that EM goes on from: a mixture, and the latest moments of each batch.

    Args:
        mixture: the mixture.
        batches: of each batch, K × (1 + d(d+1)/2) in float32: Nₖ and the distinct entries of the
            second moments.
    """

    def __init__(self, mixture: Mixture, batches: Mapping[int, Tensor] | None = None) -> None:
        self.mixture = mixture
        self.batches = dict(batches or {})
        self._total = sum((each.double() for each in self.batches.values()), 0.0)

    def replace(self, number: int, moments: Moments) -> Moments:
        """Take over the moments of a batch; return those of all batches."""
        latest = torch.cat([moments.counts[:, None], triangle(moments.second)], 1).float()
        # What is taken out is what was put in, rounding included: the sum does not drift.
        self._total = (
            self._total + latest.double() - self.batches.get(number, torch.zeros(())).double()
        )
        self.batches[number] = latest
        return Moments(self._total[:, 0], unpack(self._total[:, 1:]))


@dataclass(frozen=True)
class Step:
    """What a pass over all batches led to.

    Args:
        mixture: the mixture.
        train: mean log-likelihood of the training vectors, each before it was learned from, in
            nats.
        seconds: that the pass took.
        reseeded: how many empty components got new parameters.
    """

    mixture: Mixture
    train: float
    seconds: float
    reseeded: int


def em(
    state: State, batches: Callable[[], Iterable[Tensor]], maximise: Callable[[Moments], Mixture]
) -> Iterator[Step]:
    """Yield what each further pass over the batches leads to, without end.

    Args:
        state: the start, ``State(mixture)`` for a new one; it is updated.
        batches: the training vectors, each d × n.
        maximise: the M-step, from moments to a mixture.
    """
    while True:
        began = time.perf_counter()
        total, vectors, reseeded = 0.0, 0, 0
        for number, batch in enumerate(batches()):
            latest, likelihood = expectation(state.mixture, batch)
            moments, empty = split_heaviest(state.replace(number, latest))
            state.mixture = maximise(moments)
            total, vectors, reseeded = (
                total + likelihood * batch.shape[1],
                vectors + batch.shape[1],
                reseeded + empty,
            )
        yield Step(state.mixture, total / vectors, time.perf_counter() - began, reseeded)


def expectation(mixture: Mixture, vectors: Tensor) -> tuple[Moments, float]:
    """Return the moments under the posteriors of ``vectors`` (d × n), and the mean of log p(v).

    Few components share a vector, so the moments are sums over the pairs of a component and a
    vector whose responsibility is not negligible. That takes a small part of the time of the
    scores, and EM still climbs: it is a partial E-step (Neal & Hinton 1998).
    """
    joint = _joint(mixture, vectors)
    likelihood = joint.logsumexp(0)
    joint -= likelihood
    component, vector = (joint > math.log(NEGLIGIBLE)).nonzero(as_tuple=True)
    weight = joint[component, vector].exp()
    total = torch.zeros_like(likelihood).index_add_(0, vector, weight)
    moments = _moments(vectors, component, vector, weight / total[vector], len(mixture.weights))
    return moments, float(likelihood.mean(dtype=torch.float64))


def assigned(labels: Tensor, components: int, vectors: Tensor) -> Moments:
    """Return the moments of ``vectors`` (d × n) that belong to the components ``labels`` (n)."""
    order = labels.argsort(stable=True)
    return _moments(vectors, labels[order], order, vectors.new_ones(len(labels)), components)


def log_likelihood(mixture: Mixture, batches: Iterable[Tensor]) -> float:
    """Return the mean of log p(v) over the vectors of all ``batches``, each d × n, in nats."""
    total, count = 0.0, 0
    for vectors in batches:
        total += float(_joint(mixture, vectors).logsumexp(0).sum(dtype=torch.float64))
        count += vectors.shape[1]
    return total / count


def split_heaviest(moments: Moments) -> tuple[Moments, int]:
    """Give each empty component half of the heaviest; return the moments and how many were empty.

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


def _joint(mixture: Mixture, vectors: Tensor) -> Tensor:
    """Return log πₖ + log N(vₙ; 0, Σₖ), K × n, for ``vectors`` (d × n)."""
    joint = vectors.new_empty(len(mixture.weights), vectors.shape[1])
    scores_of = Scores.of(mixture, vectors)

    def fill(part: tuple[Tensor, Tensor]) -> None:
        own, out = part
        for block, scores in scores_of(own):
            out[:, block] = scores

    in_threads(
        fill,
        zip(
            torch.split(vectors, VECTORS_IN_A_CHUNK, 1),
            torch.split(joint, VECTORS_IN_A_CHUNK, 1),
            strict=True,
        ),
    )
    return joint


def _moments(
    vectors: Tensor, component: Tensor, vector: Tensor, weight: Tensor, components: int
) -> Moments:
    """Return the moments of weighted pairs of a component and a vector, ordered by component."""
    dimension = vectors.shape[0]
    rows = vectors.mT.contiguous()
    counts = weight.new_zeros(components, dtype=torch.float64).index_add_(
        0, component, weight.double()
    )
    second = vectors.new_zeros(components, dimension, dimension)
    sizes = component.bincount(minlength=components).tolist()
    pairs = zip(torch.split(vector, sizes), torch.split(weight.sqrt(), sizes), strict=True)

    def accumulate(component: tuple[Tensor, tuple[Tensor, Tensor]]) -> None:
        out, (own, root) = component
        scaled = rows[own] * root[:, None]
        torch.mm(scaled.mT, scaled, out=out)

    in_threads(accumulate, zip(second, pairs, strict=True))
    return Moments(counts.cpu(), second.double().cpu())
