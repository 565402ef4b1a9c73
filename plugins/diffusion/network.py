"""A denoising U-Net that is told the noise level."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

OCTAVES = 4
"""The logarithm of σ is seen through sines and cosines of this many frequencies."""
FEATURES = 64
"""Numbers that tell the blocks of the noise level."""


class NoiseLevel(nn.Module):
    """From c, a quarter of the logarithm of σ, to what the blocks are told of it."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2 * OCTAVES, FEATURES)
        self.second = nn.Linear(FEATURES, FEATURES)

    def forward(self, c: Tensor) -> Tensor:
        """Return B × FEATURES for c, B."""
        angles = c[:, None] * 2.0 ** torch.arange(OCTAVES, dtype=c.dtype, device=c.device)
        waves = torch.cat([angles.sin(), angles.cos()], dim=1)
        return F.silu(self.second(F.silu(self.first(waves))))


class Block(nn.Module):
    """x + W₂ relu((1 + a) W₁x + b), two 3 × 3 convolutions, with a and b functions of σ.

    Args:
        width: channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = (
            nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2)
        )
        self.level = nn.Linear(FEATURES, 2 * width)

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        """Return the sum."""
        factor, shift = self.level(level)[:, :, None, None].chunk(2, dim=1)
        inside = torch.addcmul(shift, self.first(x), 1 + factor)
        residual: Tensor = self.second(F.relu(inside))
        return x + residual


class UNet(nn.Module):
    """F(x, c): an encoder-decoder that begins at half the size.

    Without attention and normalisation, so that what lies further than ``reach`` pixels away does
    not matter and an image of any size can be denoised in bands.

    Args:
        width: channels at half the size; as many more at each scale below.
        blocks: on the way down at each scale, and as many on the way up.
        scales: how many.
    """

    def __init__(self, width: int, blocks: int, scales: int) -> None:
        super().__init__()
        widths = [width * (scale + 1) for scale in range(scales)]
        self.told = NoiseLevel()
        self.head = nn.Conv2d(4, width, 3, padding=1)
        self.encoding = nn.ModuleList(_blocks(each, blocks) for each in widths)
        self.decoding = nn.ModuleList(_blocks(each, blocks) for each in widths[:-1])
        pairs = list(pairwise(widths))
        self.down = nn.ModuleList(nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in pairs)
        self.up = nn.ModuleList(nn.Conv2d(coarse, 4 * fine, 1) for fine, coarse in pairs)
        self.tail = nn.Conv2d(width, 4, 3, padding=1)
        self.divisor = 2**scales
        # Each block has two convolutions that look one of its pixels further; head and tail one
        # each.
        ways = [2] * (scales - 1) + [1]
        reach = 2 * 2 + sum(2 ** (scale + 1) * 2 * blocks * way for scale, way in enumerate(ways))
        self.reach = -(-(reach + self.divisor) // self.divisor) * self.divisor
        # Torch's own declarations leave this form of ``to`` out.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """Return F of planes, B × H × W, whose sides ``divisor`` divides, and of c, B."""
        level = self.told(c)
        pixels = F.pixel_unshuffle(x[:, None], 2).contiguous(memory_format=torch.channels_last)
        return F.pixel_shuffle(self.tail(self._scale(self.head(pixels), level, 0)), 2)[:, 0]

    def _scale(self, x: Tensor, level: Tensor, scale: int) -> Tensor:
        for block in self._of(self.encoding, scale):
            x = block(x, level)
        if scale < len(self.down):
            below = self._scale(self.down[scale](x), level, scale + 1)
            x = x + F.pixel_shuffle(self.up[scale](below), 2)
            for block in self._of(self.decoding, scale):
                x = block(x, level)
        return x

    @staticmethod
    def _of(lists: nn.ModuleList, scale: int) -> nn.ModuleList:
        blocks = lists[scale]
        assert isinstance(blocks, nn.ModuleList)
        return blocks


def _blocks(width: int, count: int) -> nn.ModuleList:
    return nn.ModuleList(Block(width) for _ in range(count))


class Preconditioned(nn.Module):
    """D(y; σ) = c_skip y + c_out F(c_in y, log σ / 4), the expected clean planes.

    Karras et al. 2022, arXiv 2206.00364: with s the standard deviation of the data,

        c_skip = s²/(σ² + s²),  c_out = σs/√(σ² + s²),  c_in = 1/√(σ² + s²),

    so that F has inputs and targets of variance 1 at every σ, and its errors count least. Without F
    it is the Wiener filter of white planes with the variance s².

    Args:
        unet: F.
        deviation: s, on [0, 1].
    """

    def __init__(self, unet: UNet, deviation: float) -> None:
        super().__init__()
        self.unet, self.deviation = unet, deviation
        self.divisor, self.reach = unet.divisor, unet.reach

    def forward(self, y: Tensor, sigma: Tensor) -> Tensor:
        """Return the estimate of the clean planes.

        Args:
            y: noisy planes around 0, B × H × W; ``divisor`` divides H and W. What lies further than
                ``reach`` pixels from a pixel does not change its estimate.
            sigma: σ > 0 of each, B.
        """
        level = sigma[:, None, None]
        total = torch.hypot(level, torch.full_like(level, self.deviation))
        skip = (self.deviation / total).square()
        found = self.unet(y / total, sigma.log() / 4)
        return torch.addcmul(skip * y, level * self.deviation / total, found)

    def weight(self, sigma: Tensor) -> Tensor:
        """Return (σ² + s²)/(σs)²: squared errors of D, weighted with it, are those of F."""
        return (sigma.square() + self.deviation**2) / (sigma * self.deviation).square()


def log_normal(parts: Tensor, median: float, spread: float) -> Tensor:
    """Return the quantiles at ``parts`` of a number whose logarithm is normal.

    Args:
        parts: between 0 and 1.
        median: of the number.
        spread: standard deviation of its logarithm.
    """
    return torch.exp(math.log(median) + spread * torch.special.ndtri(parts))
