"""Squares side by side on a grid with a random origin."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from priorbench.types import Patches, Plane

__all__ = ["draw_side_by_side"]


def draw_side_by_side(
    plane: Plane, size: int, draw: Callable[[Patches], Patches], generator: torch.Generator
) -> Plane:
    """Return a plane whose squares are drawn one by one, each pixel in one of them.

    At the border of the image the squares see its reflection, or, where the image is smaller than
    a square and can't be reflected as far, its border repeated.

    Args:
        plane: H × W.
        size: side of a square in pixels.
        draw: draws squares given noisy ones, N × D.
        generator: of the grid's origin.
    """
    height, width = plane.shape
    top, left = torch.randint(size, (2,), generator=generator).tolist()
    bottom, right = -(top + height) % size, -(left + width) % size
    mode = "reflect" if min(height, width) >= size else "replicate"
    padded = F.pad(plane[None, None], (left, right, top, bottom), mode=mode)
    drawn = draw(F.unfold(padded, size, stride=size)[0].mT)
    joined = F.fold(drawn.mT[None], padded.shape[-2:], size, stride=size)[0, 0]
    return joined[top : top + height, left : left + width]
