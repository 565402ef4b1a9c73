"""How near two sets of patches are, as distributions."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.types import Patches

__all__ = ["NEIGHBOURS", "covered", "sliced_distance"]

DIRECTIONS = 256
NEIGHBOURS = 3
"""The radius of a point's surroundings reaches its neighbour of this number."""


def sliced_distance(first: Patches, second: Patches) -> float:
    r"""Return the sliced Wasserstein distance of two sets of patches, in gray levels of 255.

    The root of the mean over directions u, ‖u‖ = 1, and ranks i of (p₍ᵢ₎ − q₍ᵢ₎)², with p and q the
    sorted projections on u: Rabin, Peyré, Delon & Bernot 2011, doi:10.1007/978-3-642-24785-9_37.
    The directions are always the same.

    Args:
        first: N × D.
        second: N × D, as many.
    """
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(first.shape[1], DIRECTIONS, generator=generator).to(first)
    drawn = drawn / drawn.norm(dim=0)
    one, two = ((patches @ drawn).sort(dim=0).values for patches in (first, second))
    return 255 * float((one - two).square().mean().sqrt())


def covered(points: Patches, others: Tensor) -> Tensor:
    """Return which points lie among others: nearer to one than its third neighbour is, N.

    The share of real patches that lie among drawn ones is the recall of the draws, the share of
    drawn ones among real ones their precision: Kynkäänniemi et al. 2019, arXiv:1904.06991, here of
    pixels.

    Args:
        points: N × D.
        others: M × D, more than three.
    """
    # The nearest of a point's own set is the point itself.
    radii = torch.cdist(others, others).kthvalue(NEIGHBOURS + 1, dim=1).values
    return (torch.cdist(points, others) <= radii).any(dim=1)
