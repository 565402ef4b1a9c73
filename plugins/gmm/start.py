"""How EM starts: a first mixture."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from .em import Moments, State, em
from .mixture import Mixture

STRETCH = 0.5
"""How much wider and narrower at most the halves of a component are in a random direction."""


def random_labels(vectors: Tensor, components: int, generator: torch.Generator) -> Tensor:
    """Return a random component for each of ``vectors`` (d × N); no component is empty."""
    count = vectors.shape[1]
    return torch.randperm(count, generator=generator) % components


def plus_plus_labels(
    vectors: Tensor, components: int, generator: torch.Generator, smallest: float
) -> Tensor:
    r"""Return for each of ``vectors`` (d × N) the nearest of the seeds that k-means++ draws.

    Arthur & Vassilvitskii 2007: each seed is drawn with a probability proportional to the squared
    distance to the nearest seed so far. A zero-mean component ignores a vector's sign, and
    differs from the others in its direction and its scale, so the squared distance is

        d²(v, c) = 1 − (vᵀc / ‖v‖‖c‖)² + (log ‖v‖ − log ‖c‖)² / Var(log ‖v‖).

    Args:
        vectors: whitened, so that no direction is favoured.
        components: how many seeds.
        generator: randomness.
        smallest: norms below it are noise and count as equal.
    """
    count = vectors.shape[1]
    norms = vectors.norm(dim=0)
    directions = vectors / norms.clamp(min=torch.finfo(vectors.dtype).tiny)
    contrast = norms.clamp(min=smallest).log()
    spread = contrast.std()
    contrast = contrast / spread if spread > 0 else torch.zeros_like(contrast)
    labels = torch.zeros(count, dtype=torch.long)
    nearest = torch.full((count,), float("inf"), dtype=vectors.dtype)
    seed = int(torch.randint(count, (), generator=generator))
    for component in range(components):
        alignment = directions[:, seed] @ directions
        distance = (1 - alignment.square()).clamp(min=0) + (contrast - contrast[seed]).square()
        distance[seed] = 0
        closer = distance < nearest
        labels[closer] = component
        nearest = torch.minimum(nearest, distance)
        if nearest.sum() > 0:
            seed = int(torch.multinomial(nearest, 1, generator=generator))
    return labels


def grow(
    one: Moments,
    components: int,
    batches: Callable[[], Iterable[Tensor]],
    maximise: Callable[[Moments], Mixture],
    generator: torch.Generator,
) -> Mixture:
    """Return a mixture that grew from one component by turns of splitting and learning.

    Args:
        one: the moments of all vectors as one component.
        components: K.
        batches: the vectors of one pass, which each size of the mixture gets; see :func:`.em.em`.
        maximise: the M-step.
        generator: randomness.
    """
    mixture = maximise(one)
    while len(mixture.weights) < components:
        mixture = split(mixture, components - len(mixture.weights), generator)
        mixture = next(em(State(mixture), batches, maximise)).mixture
    return mixture


def split(mixture: Mixture, most: int, generator: torch.Generator) -> Mixture:
    """Split the heaviest components in two, each of them or ``most``.

    The halves differ in contrast, √2 up and down, and in shape: Σ^½(I ± aQ)Σ^½ with a random
    symmetric Q of norm 1.
    """
    order = mixture.weights.argsort(descending=True)
    chosen, kept = order[:most], order[most:]
    factors = torch.linalg.cholesky(mixture.covariances[chosen])
    dimension = factors.shape[-1]
    q = torch.randn(factors.shape, dtype=torch.float64, generator=generator)
    q = q + q.mT
    q = STRETCH * q / torch.linalg.matrix_norm(q, 2)[:, None, None]
    identity = torch.eye(dimension, dtype=torch.float64)
    up, down = 2**0.5, 2**-0.5
    covariances = [
        up * factors @ (identity + q) @ factors.mT,
        down * factors @ (identity - q) @ factors.mT,
    ]
    halves = mixture.weights[chosen] / 2
    return Mixture(
        torch.cat([mixture.weights[kept], halves, halves]),
        torch.cat([mixture.covariances[kept], *covariances]),
    )
