"""How EM starts: which vector belongs to which component at first."""

from __future__ import annotations

import torch
from torch import Tensor


def random_labels(vectors: Tensor, components: int, generator: torch.Generator) -> Tensor:
    """Return a component for each of ``vectors`` (d × N), drawn uniformly, none left without one."""
    count = vectors.shape[1]
    return torch.randperm(count, generator=generator) % components


def plus_plus_labels(vectors: Tensor, components: int, generator: torch.Generator, smallest: float) -> Tensor:
    r"""Return for each of ``vectors`` (d × N) the nearest of the seeds that k-means++ draws.

    Arthur & Vassilvitskii 2007: each seed is drawn with a probability proportional to the squared
    distance to the nearest seed so far. A zero-mean component doesn't know a vector's sign, and
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
