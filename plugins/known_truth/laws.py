"""The laws by their names."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Protocol

import torch
from torch import Tensor

from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.types import Image

from .field import GaussianLaw
from .parameters import TILE, LawName
from .tiles import TileLaw

DEVIATION = 0.1
"""The largest of a pixel: values that leave [0, 1], where they are clipped, are rarer than 10⁻⁶."""
CONTRASTS = torch.logspace(math.log10(0.01), math.log10(DEVIATION), 8, dtype=torch.float64)
LENGTHS = ((1.0, 1.0), (4.0, 4.0), (8.0, 1.5), (16.0, 3.0))
"""Correlation lengths of textures in pixels, along their direction and across it."""
ANGLES, OFFSETS = 16, 12
"""Directions of an edge between leaves, and its places in each direction."""


class Law(Protocol):
    """A law of images whose posterior is known."""

    def draw(self, side: int, generator: torch.Generator) -> Tensor:
        """Return an image, side × side, in float64."""

    def mean(self, problem: Problem, context: Context) -> Image:
        """Return E[x | y] in float64."""

    def sample(self, problem: Problem, context: Context) -> Image:
        """Return a draw of x given y in float64."""


@cache
def law(name: LawName) -> Law:
    """Return a law."""
    laws: dict[LawName, Callable[[], Law]] = {
        "gaussian": GaussianLaw,
        "scales": scales,
        "mixture": mixture,
        "leaves": leaves,
    }
    return laws[name]()


def scales() -> TileLaw:
    """Return a Gaussian scale mixture: one texture at 8 contrasts of equal probability.

    Wainwright & Simoncelli 2000.
    """
    root = torch.linalg.cholesky(_texture(4.0, 4.0, 0.0))
    return TileLaw(torch.full((len(CONTRASTS),), 1 / len(CONTRASTS)), _scaled(root, CONTRASTS))


def mixture() -> TileLaw:
    """Return a mixture of 12 textures, isotropic and directed, of several contrasts."""
    chosen = [
        (LENGTHS[0], 0.0, 0.02),
        (LENGTHS[1], 0.0, 0.05),
        *((LENGTHS[2], math.pi * turn / 6, 0.05) for turn in range(6)),
        *((LENGTHS[3], math.pi * turn / 4, DEVIATION) for turn in range(4)),
    ]
    factors = [
        contrast * torch.linalg.cholesky(_texture(*lengths, angle))
        for lengths, angle, contrast in chosen
    ]
    return TileLaw(torch.full((len(chosen),), 1 / len(chosen)), torch.stack(factors))


def leaves() -> TileLaw:
    """Return dead leaves with one or two leaves in each tile, by enumeration of their edges.

    Half of the tiles are one leaf. The edge of the others has one of 16 directions and one of 12
    places; brightness is normal and independent from leaf to leaf.
    """
    place = torch.arange(TILE, dtype=torch.float64) - (TILE - 1) / 2
    sides = [torch.ones(TILE, TILE, dtype=torch.bool)]
    for turn in range(ANGLES):
        angle = math.pi * (turn + 0.5) / ANGLES
        distance = math.cos(angle) * place + math.sin(angle) * place[:, None]
        # From where one pixel is on the other side to where all but one are.
        ends = distance.flatten().sort().values
        steps = torch.linspace(float(ends[0]), float(ends[-1]), OFFSETS + 2, dtype=torch.float64)
        sides += [distance > step for step in steps[1:-1]]
    masks = torch.stack(sides).flatten(1).double()
    factors = DEVIATION * torch.stack([masks, 1 - masks], dim=-1)
    edges = len(sides) - 1
    weights = torch.tensor([0.5, *[0.5 / edges] * edges], dtype=torch.float64)
    return TileLaw(weights, factors)


def _texture(along: float, across: float, angle: float) -> Tensor:
    """Return the covariance of a texture of variance 1, 64 × 64.

    exp(−d) with the distance d in units of the correlation lengths, and a hundredth of white
    noise, which no observation explains away.
    """
    rows, columns = torch.meshgrid(*[torch.arange(TILE, dtype=torch.float64)] * 2, indexing="ij")
    places = torch.stack([columns.flatten(), rows.flatten()], 1)
    turned = places @ torch.tensor(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]],
        dtype=torch.float64,
    )
    scaled = turned / torch.tensor([along, across], dtype=torch.float64)
    covariance = (-torch.cdist(scaled, scaled)).exp()
    return 0.99 * covariance + 0.01 * torch.eye(TILE * TILE, dtype=torch.float64)


def _scaled(root: Tensor, contrasts: Tensor) -> Tensor:
    return contrasts[:, None, None] * root
