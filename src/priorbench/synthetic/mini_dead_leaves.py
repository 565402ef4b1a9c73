"""Patches that are flat or an edge: the smallest model with occlusion. Heavy."""

from __future__ import annotations

import math

import numpy as np

from priorbench.errors import unknown
from priorbench.seeds import derive_seed
from priorbench.synthetic import sources
from priorbench.synthetic.sources import MiniDeadLeavesParameters
from priorbench.synthetic.textures import exponential_textures

__all__ = ["mini_dead_leaves"]


def load_mini_dead_leaves(parameters: MiniDeadLeavesParameters, image: str) -> np.ndarray:
    """Return a sheet of independent patches by its name.

    A prior learns from it with patches on a grid of their side.

    Returns:
        float32 on [0, 1], gray, ``size * patch`` a side.

    Raises:
        ValueError: no image has this name.
    """
    known = sources.images(parameters)
    if image not in known:
        raise ValueError(unknown("image", image, known))
    generator = np.random.default_rng(derive_seed(parameters.seed, "mini-dead-leaves", image))
    patches, _ = mini_dead_leaves(parameters.size**2, parameters, generator)
    side = parameters.size * parameters.patch
    grid = patches.reshape(parameters.size, parameters.size, parameters.patch, parameters.patch)
    return grid.transpose(0, 2, 1, 3).reshape(side, side)


def mini_dead_leaves(
    count: int, parameters: MiniDeadLeavesParameters, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return independent patches, each flat or an edge, after Zoran & Weiss, NIPS 2012.

    A flat patch is m + z·t: a mean m, uniform on [0, 1]; a contrast z, exponential; a texture t, a
    stationary Gaussian field of variance 1. An edge is two of them, one on each side of a line with
    a uniform angle and an offset that is uniform among those at which the line meets the patch. A
    pixel on the line is mixed by the part of it on each side. The laws of m, z and t are ours; the
    article takes them from photographs.

    Args:
        count: N.
        parameters: side of a patch p, probability of an edge, contrast, correlation of the texture.
        generator: randomness.

    Returns:
        patches, float32 on [0, 1], N × p × p, and which of them are edges, bool, N.
    """
    edge = generator.random(count) < parameters.edges
    patches = _flat(count, parameters, generator)
    side = _half_plane(count, parameters.patch, generator)[edge]
    patches[edge] += side * (_flat(int(edge.sum()), parameters, generator) - patches[edge])
    return patches.clip(0, 1), edge


def _flat(
    count: int, parameters: MiniDeadLeavesParameters, generator: np.random.Generator
) -> np.ndarray:
    """Return m + z·t, N × p × p."""
    mean = generator.random((count, 1, 1), dtype=np.float32)
    contrast = parameters.contrast * generator.standard_exponential((count, 1, 1), dtype=np.float32)
    texture = exponential_textures(count, parameters.patch, parameters.correlation, generator)
    patches: np.ndarray = mean + contrast * texture
    return patches


def _half_plane(count: int, side: int, generator: np.random.Generator) -> np.ndarray:
    """Return which part of each pixel lies behind a random line, N × p × p."""
    angle = 2 * math.pi * generator.random((count, 1, 1))
    cosine, sine = np.cos(angle), np.sin(angle)
    offset = (generator.random((count, 1, 1)) - 0.5) * side * (abs(cosine) + abs(sine))
    place = np.arange(side) - (side - 1) / 2
    distance = cosine * place + sine * place[:, None] - offset
    part: np.ndarray = (distance + 0.5).clip(0, 1).astype(np.float32)
    return part
