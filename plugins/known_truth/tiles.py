"""Independent tiles, each from a finite mixture of Gaussians, whose posterior is known."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.types import Image

from .field import MEAN
from .interaction import Group, Interaction
from .parameters import TILE

BURN_IN, SWEEPS = 50, 400
"""Of a chain, where tiles interact: until it is used, and afterwards."""


class TileLaw:
    """p(x) = Πₜ Σₖ πₖ N(xₜ; ½, LₖLₖᵀ) with the tiles xₜ of 8 × 8 pixels side by side.

    Args:
        weights: π, K numbers that sum to 1.
        factors: L, K × 64 × r, in float64.
    """

    def __init__(self, weights: Tensor, factors: Tensor) -> None:
        self.weights, self.factors = weights.double(), factors.double()
        self._last: tuple[Problem, list[_Conditional]] | None = None

    def conditionals(self, problem: Problem) -> list[_Conditional]:
        """Return the distributions of the tiles given the others, a group of tiles at a time.

        Those of the last problem are kept: its samples are drawn one after the other.

        Raises:
            NotApplicable: the problem is of more than 64 × 64 pixels, or not gray.
        """
        if self._last is None or self._last[0] is not problem:
            found = [_Conditional(self, group) for group in Interaction(problem).groups]
            self._last = problem, found
        return self._last[1]

    def draw(self, side: int, generator: torch.Generator) -> Tensor:
        """Return an image, side × side, in float64."""
        count = (side // TILE) ** 2
        labels = torch.multinomial(self.weights, count, replacement=True, generator=generator)
        rank = self.factors.shape[2]
        codes = torch.randn(count, rank, 1, generator=generator, dtype=torch.float64)
        return MEAN + joined((self.factors[labels] @ codes)[..., 0], side, side)

    def mean(self, problem: Problem, context: Context) -> Image:
        """Return E[x | y].

        Where H keeps tiles apart it is exact. Where it mixes them it is the average, over a chain
        that draws each tile given the others, of the tiles' conditional means.

        Raises:
            NotApplicable: the problem is of more than 64 × 64 pixels, or not gray.
        """
        chain = _Chain(self, problem)
        if chain.is_exact:
            return chain.image(chain.conditional_means())
        for _ in range(BURN_IN):
            chain.sweep(context.generator)
        total = torch.zeros_like(chain.tiles)
        for number in range(SWEEPS):
            total += chain.sweep(context.generator)
            context.progress((number + 1) / SWEEPS)
        return chain.image(total / SWEEPS)

    def sample(self, problem: Problem, context: Context) -> Image:
        """Return a draw of x given y: exact where H keeps tiles apart, else the end of a chain.

        Raises:
            NotApplicable: the problem is of more than 64 × 64 pixels, or not gray.
        """
        chain = _Chain(self, problem)
        for _ in range(1 if chain.is_exact else BURN_IN):
            chain.sweep(context.generator)
        return chain.image(chain.tiles)


class _Chain:
    """Gibbs sampling of the tiles: each is drawn from its exact distribution given the others.

    Attributes:
        tiles: x, tiles × 64.
        is_exact: whether tiles do not interact, so that one sweep is a draw from the posterior.
    """

    def __init__(self, law: TileLaw, problem: Problem) -> None:
        self._groups = law.conditionals(problem)
        self.tiles = cut(problem.estimate().double()[0, 0])
        self.is_exact = len(self._groups) == 1
        self._shape = problem.image_shape[1:]

    def conditional_means(self) -> Tensor:
        """Return the mean of each tile given the others, where tiles do not interact."""
        means = torch.empty_like(self.tiles)
        for group in self._groups:
            means[group.numbers] = group.given(self.tiles).mean
        return means

    def sweep(self, generator: torch.Generator) -> Tensor:
        """Draw every tile given the others; return the means that they were drawn around."""
        means = torch.empty_like(self.tiles)
        for group in self._groups:
            found = group.given(self.tiles)
            means[group.numbers] = found.mean
            self.tiles[group.numbers] = found.draw(generator)
        return means

    def image(self, tiles: Tensor) -> Image:
        """Return tiles as an image, 1 × 1 × H × W."""
        height, width = self._shape
        return joined(tiles, height, width)[None, None]


class _Conditional:
    """The distributions of tiles that do not interact, given all the other tiles.

    With b = Hₜᵀ(y − H x₋ₜ − Hₜ ½) / σ² and A = HₜᵀHₜ / σ², the components of tile t have the
    weights πₖ |I + LₖᵀALₖ|^(−½) exp(½ bᵀ Mₖ b), the covariances Mₖ = Lₖ(I + LₖᵀALₖ)⁻¹Lₖᵀ, and the
    means ½ + Mₖ b.

    Args:
        law: of the tiles.
        group: how they are observed.
    """

    def __init__(self, law: TileLaw, group: Group) -> None:
        self.numbers, self._group = group.numbers, group
        factors = law.factors
        inner = factors.mT @ group.own[:, None] @ factors
        inner += torch.eye(factors.shape[2], dtype=torch.float64)
        lower = torch.linalg.cholesky(inner)
        # Roots of the covariances Mₖ.
        self._roots = torch.linalg.solve_triangular(lower.mT, factors, upper=True, left=False)
        self._constants = law.weights.log() - lower.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def given(self, tiles: Tensor) -> _Mixtures:
        """Return the distributions, given the tiles of the whole image, tiles × 64."""
        b = self._group.pull(tiles)
        codes = (self._roots.mT @ b[:, None, :, None])[..., 0]
        weights = (self._constants + codes.square().sum(-1) / 2).softmax(1)
        return _Mixtures(weights, self._roots, codes)


class _Mixtures(NamedTuple):
    """A mixture of Gaussians for each of n tiles: N(½ + RₖCₖ, RₖRₖᵀ) with the weight wₖ.

    Attributes:
        weights: w, n × K.
        roots: R, n × K × 64 × r.
        codes: C, n × K × r.
    """

    weights: Tensor
    roots: Tensor
    codes: Tensor

    @property
    def mean(self) -> Tensor:
        """The means, n × 64."""
        weighted = self.weights[..., None] * self.codes
        return MEAN + (self.roots @ weighted[..., None])[..., 0].sum(1)

    def draw(self, generator: torch.Generator) -> Tensor:
        """Return a draw for each tile, n × 64."""
        labels = torch.multinomial(self.weights, 1, generator=generator)[:, 0]
        place = torch.arange(len(labels))
        roots, codes = self.roots[place, labels], self.codes[place, labels]
        noise = torch.randn(codes.shape, generator=generator, dtype=torch.float64)
        return MEAN + (roots @ (codes + noise)[..., None])[..., 0]


def cut(plane: Tensor) -> Tensor:
    """Return the tiles of a plane, row after row, N × 64."""
    height, width = plane.shape
    parts = plane.view(height // TILE, TILE, width // TILE, TILE).transpose(1, 2)
    return parts.reshape(-1, TILE * TILE)


def joined(tiles: Tensor, height: int, width: int) -> Tensor:
    """Return the plane, H × W, that tiles make up."""
    parts = tiles.view(height // TILE, width // TILE, TILE, TILE).transpose(1, 2)
    return parts.reshape(height, width)
