"""Draws of an image given a noisy one, by a generator of tiles: codes from their posterior."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from priorbench.priors import Generator
from priorbench.solvers.colour import from_planes, to_planes
from priorbench.solvers.random_grid import draw_side_by_side
from priorbench.solvers.split_gibbs import white_noise
from priorbench.types import Codes, Image, Patches, Plane, Scores, Tiles

__all__ = ["draw_tiles", "elliptical_slice", "latent_draw"]

UPDATES = 20
"""Of the codes of each tile; they begin with the encoder's."""
SHRINKAGES = 30
"""The most in one update; a bracket is then so small that the code stays as it is."""


@torch.no_grad()
def latent_draw(prior: Generator, image: Image, sigma: float, generator: torch.Generator) -> Image:
    """Return a draw of x given x + σn, where the tiles of x are independent draws of a generator.

    The tiles lie side by side on a grid with a random origin; at the border of the image they see
    its reflection. A colour image is drawn in opponent planes; see :mod:`.colour`.

    Args:
        prior: the generator.
        image: B × C × H × W, with white Gaussian noise.
        sigma: σ > 0.
        generator: of the grid and the draws.
    """
    planes, scales = to_planes(image)
    drawn = [
        _draw_plane(prior, plane, scale * sigma, generator)
        for plane, scale in zip(planes, scales, strict=True)
    ]
    return from_planes(torch.stack(drawn), image.shape)


def _draw_plane(prior: Generator, plane: Plane, sigma: float, generator: torch.Generator) -> Plane:
    def draw(squares: Patches) -> Patches:
        tiles = squares.reshape(-1, prior.tile_size, prior.tile_size)
        return draw_tiles(prior, tiles, sigma, generator).flatten(1)

    return draw_side_by_side(plane, prior.tile_size, draw, generator)


def draw_tiles(prior: Generator, tiles: Tiles, sigma: float, generator: torch.Generator) -> Tiles:
    r"""Return draws of clean tiles given noisy ones, N × T × T.

    A clean tile is G(z) + m + d e with a code z, a mean m with a flat prior, and white e of the
    generator's deviation d, each without its mean.

    Args:
        prior: the generator.
        tiles: noisy ones, N × T × T.
        sigma: σ of their noise.
        generator: of the draws.
    """
    means = tiles.mean((1, 2), keepdim=True)
    u = tiles - means
    z = prior.encode(tiles, sigma)
    variance = sigma**2 + prior.deviation(z) ** 2

    def log_likelihood(codes: Codes, chosen: Tensor) -> Scores:
        return (u[chosen] - prior.decode(codes)).square().sum((1, 2)) / (-2 * variance)

    for _ in range(UPDATES):
        z = elliptical_slice(log_likelihood, z, generator)
    generated, deviation = prior.decode(z), prior.deviation(z)
    # Given its code, a pixel is normal: the generated value and the observed one are weighted.
    weight = deviation**2 / (deviation**2 + sigma**2)
    noise = white_noise(u, generator)
    spread = math.sqrt(weight) * sigma * (noise - noise.mean((1, 2), keepdim=True))
    means = means + sigma / prior.tile_size * white_noise(means, generator)
    return generated + weight * (u - generated) + spread + means


def elliptical_slice(
    log_likelihood: Callable[[Codes, Tensor], Scores], z: Codes, generator: torch.Generator
) -> Codes:
    r"""Return codes after one update that leaves their posteriors ∝ N(z; 0, I) L(z) invariant.

    Elliptical slice sampling has no step to choose: Murray, Adams & MacKay 2010, arXiv 1001.0175.

    Args:
        log_likelihood: log L of codes n × L, given those and which of the N they are, n.
        z: N × L.
        generator: of the draws.
    """

    def uniform() -> Tensor:
        return torch.rand(len(z), generator=generator, dtype=z.dtype).to(z.device)

    everything = torch.arange(len(z), device=z.device)
    other = white_noise(z, generator)
    height = log_likelihood(z, everything) + uniform().log()
    angle = 2 * math.pi * uniform()
    low, high = angle - 2 * math.pi, angle
    found, waiting = z.clone(), everything
    for _ in range(SHRINKAGES):
        turned = angle[waiting, None]
        proposed = z[waiting] * turned.cos() + other[waiting] * turned.sin()
        accepted = log_likelihood(proposed, waiting) > height[waiting]
        found[waiting[accepted]] = proposed[accepted]
        waiting = waiting[~accepted]
        if not len(waiting):
            break
        low, high = torch.where(angle < 0, angle, low), torch.where(angle >= 0, angle, high)
        angle = low + (high - low) * uniform()
    return found
