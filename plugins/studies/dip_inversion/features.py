"""Φ: representations of an image that say less than the image, differentiable by torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from priorbench.numerics.tiles import Tiling
from priorbench.priors import Generator
from priorbench.types import Image

Feature = Callable[[Image], Tensor]
"""Φ, from 1 × C × H × W to numbers of any shape."""

ORIENTATIONS, CELL, BLOCK = 9, 8, 2
"""Of the histograms: bins on 180°, pixels along a cell, cells along a block."""
CLIP, SMALL = 0.2, 1e-5

DIRECTIONS, SCALES, STEP, POOLING = 8, (1.0, 2.0), 4, 2.0
"""Of the steered derivatives: directions on 360°, their σ, pixels between places, σ of pooling."""
FLOOR = 1e-3
"""Keeps the root of an energy differentiable at 0."""


def hog(image: Image, *, soft: bool = True) -> Tensor:
    """Return histograms of oriented gradients, Dalal & Triggs 2005, doi:10.1109/CVPR.2005.177.

    At each pixel g = (x[i+1, j] - x[i-1, j], x[i, j+1] - x[i, j-1]), 0 at the border. A cell's
    histogram of the orientations of its pixels, weighted with ‖g‖, v = (h₁ ... h₄) of a block's
    cells, v / √(‖v‖² + ε²), clipped at 0.2 and divided in the same way once more.

    With hard bins it is what ``skimage.feature.hog`` returns, and its gradient knows nothing of
    directions: a pixel turns into another bin by a jump. With soft ones, as in the paper, a pixel
    is shared out linearly between the two bins whose centres are nearest.

    Args:
        image: 1 × C × H × W, both sides 16 at least; the mean of its channels is taken.
        soft: whether bins are.

    Returns:
        H/8 - 1 × W/8 - 1 × 2 × 2 × 9.
    """
    x = image[0].mean(0)
    down, across = F.pad(x[2:] - x[:-2], (0, 0, 1, 1)), F.pad(x[:, 2:] - x[:, :-2], (1, 1))
    square = down.square() + across.square()
    # Neither the root nor the angle has a gradient where there is no slope.
    flat = square <= torch.finfo(x.dtype).tiny
    magnitude = torch.where(flat, 0, torch.where(flat, 1, square).sqrt())
    angle = torch.atan2(torch.where(flat, 0, down), torch.where(flat, 1, across)) % math.pi
    place = angle * (ORIENTATIONS / math.pi)
    bins = torch.arange(ORIENTATIONS, dtype=x.dtype, device=x.device)[:, None, None]
    if soft:
        distance = (place - 0.5 - bins + ORIENTATIONS / 2) % ORIENTATIONS - ORIENTATIONS / 2
        share = (1 - distance.abs()).clamp(min=0)
    else:
        # An angle just below 0 is rounded to 180°, which is in no bin.
        share = (place.detach().floor() == bins).to(x.dtype)
    cells = F.avg_pool2d((share * magnitude)[None], CELL)[0]
    blocks = cells.unfold(1, BLOCK, 1).unfold(2, BLOCK, 1).permute(1, 2, 3, 4, 0)
    return _to_unit_norm(_to_unit_norm(blocks).clamp(max=CLIP))


def _to_unit_norm(blocks: Tensor) -> Tensor:
    return blocks / (blocks.square().sum((2, 3, 4), keepdim=True) + SMALL**2).sqrt()


def steered(image: Image) -> Tensor:
    """Return the strength of first derivatives in 8 directions, 2 scales, at every fourth pixel.

    √(G₂ ∗ max(0, σ u·∇(G_σ ∗ x))² + δ²) - δ for the unit vectors u and σ = 1, 2, where G_σ is a
    Gaussian. The derivative in any direction follows from two, Freeman & Adelson 1991,
    doi:10.1109/34.93808; pooled in the manner of Lowe 2004,
    doi:10.1023/B:VISI.0000029664.99615.94, but without his normalisation. Smooth everywhere.

    Args:
        image: 1 × C × H × W, both sides 4 at least; the mean of its channels is taken.

    Returns:
        2 × 8 × H/4 × W/4.
    """
    x = image[0].mean(0)
    angles = torch.arange(DIRECTIONS, dtype=x.dtype, device=x.device)[:, None, None] * (
        2 * math.pi / DIRECTIONS
    )

    def filtered(maps: Tensor, sigma: float, orders: tuple[int, int], step: int = 1) -> Tensor:
        rows, columns = (
            _gaussian(*key, sigma, step).to(x) for key in zip(maps.shape[-2:], orders, strict=True)
        )
        return rows @ maps @ columns.mT

    energies = []
    for sigma in SCALES:
        down, across = filtered(x, sigma, (1, 0)), filtered(x, sigma, (0, 1))
        slopes = sigma * (angles.cos() * across + angles.sin() * down)
        energies.append(filtered(slopes.clamp(min=0).square(), POOLING, (0, 0), STEP))
    return (torch.stack(energies) + FLOOR**2).sqrt() - FLOOR


@lru_cache
def _gaussian(length: int, order: int, sigma: float, step: int) -> Tensor:
    """Return the Gaussian filter of a signal, or its derivative, at every step-th place.

    It is a matrix with ``length`` columns.
    """
    matrix = gaussian_filter1d(np.eye(length), sigma, axis=0, order=order, mode="reflect")
    return torch.from_numpy(matrix[step // 2 :: step].copy())


def codes(generator: Generator) -> Feature:
    """Return Φ: the codes of tiles side by side under a generator's encoder.

    Args:
        generator: with an encoder that torch can differentiate.
    """

    def feature(image: Image) -> Tensor:
        _, _, height, width = image.shape
        size = generator.tile_size
        tiles = Tiling(height, width, size, size).cut(image.mean(1))
        return generator.encode(tiles, 0.0)

    return feature


FEATURES: dict[str, Feature] = {"hog": hog, "steered": steered}
"""What ``dip-inversion`` inverts, by name, beside the encoders that the experiment has trained."""
