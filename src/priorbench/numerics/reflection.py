"""Images beyond their border."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.types import Planes

__all__ = ["at_least", "reflected"]


def reflected(
    image: Tensor, axis: int, before: int, after: int, *, repeat_edge: bool = True
) -> Tensor:
    """Return an image that goes on as its mirror image along an axis, however far.

    Args:
        image: of any shape.
        axis: number of the axis.
        before: positions that are added in front of the first one.
        after: positions that are added behind the last one.
        repeat_edge: whether the mirror lies beside the last pixel, which then comes twice, or on
            it.
    """
    length = image.shape[axis]
    period = 2 * length if repeat_edge else max(2 * (length - 1), 1)
    last = period - 1 if repeat_edge else period
    place = torch.arange(-before, length + after, device=image.device) % period
    return image.index_select(axis, torch.minimum(place, last - place))


def at_least(planes: Planes, size: int) -> Tensor:
    """Return planes whose sides are at least ``size``: the last row and column are repeated.

    Args:
        planes: P × H × W.
        size: in pixels.
    """
    below, beside = (max(size - length, 0) for length in planes.shape[1:])
    return F.pad(planes[None], (0, beside, 0, below), mode="replicate")[0]
