"""A network of several scales that sees some pixels alone, with dropout on its way up."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from priorbench.types import Image

from .partial import PartialConvolution

__all__ = ["DropoutNetwork", "dropout"]

SLOPE = 0.1
"""Of the leaky ReLU for negative numbers."""

LEVELS = 256
"""Of eight random bits."""


class DropoutNetwork(nn.Module):
    """Quan et al. 2020, doi:10.1109/CVPR42600.2020.00196: partial convolutions down, dropout up.

    On the way down each scale has a partial convolution and halves the map by the greatest of four
    numbers. On the way up the map is doubled, the one of the same size on the way down is joined to
    it, at full size the image, and each convolution sees a map with dropout.

    Args:
        planes: C of the image.
        channels: of the maps on the way down; twice as many on the way up.
        scales: how often the map is halved.
        drop: share of the numbers that dropout leaves out.
    """

    def __init__(self, planes: int, channels: int, scales: int, drop: float) -> None:
        super().__init__()
        self.drop, self.divisor = drop, 2**scales
        self.first = PartialConvolution(planes, channels)
        self.down = nn.ModuleList(PartialConvolution(channels, channels) for _ in range(scales))
        self.deepest = PartialConvolution(channels, channels)
        wide = 2 * channels
        self.up = nn.ModuleList(
            Pair([(channels if scale == 0 else wide) + channels, wide, wide], drop)
            for scale in range(scales - 1)
        )
        below = channels if scales == 1 else wide
        self.finest = Pair([below + planes, -(-4 * channels // 3), -(-2 * channels // 3)], drop)
        self.last = nn.Conv2d(-(-2 * channels // 3), planes, 3, padding=1)

    def forward(self, image: Image, kept: Tensor, generator: torch.Generator) -> Image:
        """Return the prediction of all pixels, on [0, 1].

        Args:
            image: B × C × H × W, 0 where it is not seen.
            kept: 1 where a number is seen and 0 elsewhere, of the shape of the image.
            generator: draws the dropout.
        """
        height, width = image.shape[-2:]
        # What is added to get maps that can be halved is missing, too.
        added = (0, -width % self.divisor, 0, -height % self.divisor)
        seen = F.pad(image, added).contiguous(memory_format=torch.channels_last)
        u, known = self.first(seen, F.pad(kept, added))
        u = F.leaky_relu(u, SLOPE)
        maps = [seen]
        for layer in self.down:
            u, known = layer(u, known)
            u, known = F.max_pool2d(F.leaky_relu(u, SLOPE), 2), F.max_pool2d(known, 2)
            maps.append(u)
        u, _ = self.deepest(maps.pop(), known)
        u = F.leaky_relu(u, SLOPE)
        for pair in [*self.up, self.finest]:
            doubled = F.interpolate(u, scale_factor=2, mode="nearest")
            u = pair(torch.cat([doubled, maps.pop()], 1), generator)
        prediction: Tensor = self.last(dropout(u, self.drop, generator)).sigmoid()
        return prediction[..., :height, :width]


class Pair(nn.Module):
    """Two convolutions of 3 × 3 that see maps with dropout, each with a leaky ReLU.

    Args:
        widths: channels before, between and after them.
        drop: share of the numbers that dropout leaves out.
    """

    def __init__(self, widths: list[int], drop: float) -> None:
        super().__init__()
        self.drop = drop
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(widths))

    def forward(self, u: Tensor, generator: torch.Generator) -> Tensor:
        """Return the map after both."""
        for layer in self.layers:
            u = F.leaky_relu(layer(dropout(u, self.drop, generator)), SLOPE)
        return u


def dropout(u: Tensor, drop: float, generator: torch.Generator) -> Tensor:
    """Return u with a share of its numbers left out and the others grown, so that its mean stays.

    ``torch.nn.functional.dropout`` can't be told what to draw from, and ``bernoulli_`` takes twenty
    times as long as the eight random bits that decide here.

    Args:
        u: any tensor.
        drop: chance of each number to become 0, at most 255/256; it is rounded to 1/256.
        generator: of the processor, where u may not lie.
    """
    below = round(LEVELS * drop)
    words = torch.empty(-(-u.numel() // 8), dtype=torch.int64)
    words.random_(-(2**63), None, generator=generator)
    kept = words.view(torch.uint8)[: u.numel()].view(u.shape) >= below
    factors = torch.empty_like(u).copy_(kept).mul_(LEVELS / (LEVELS - below))
    return u * factors
