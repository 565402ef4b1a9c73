"""Generator and critic of tiles: Radford, Metz & Chintala 2016, arXiv 1511.06434."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from priorbench.numerics.tiles import without_mean

from .parameters import SMALLEST_MAP

SLOPE = 0.2
"""Slope of the leaky ReLU for negative numbers."""
CONTRAST = 3.0
"""Pixels beyond 1/CONTRAST of their standard deviation are seen by their logarithm."""
WIDEST = 3.5
"""Bound on the logarithm of a pixel: sinh(3.5) is 17."""


class Networks(nn.Module):
    """A generator of tiles without their mean, and the critic it learns from.

    The contrast of tiles varies by orders of magnitude, so that both know asinh(3x/s), with s the
    standard deviation of all pixels.

    Args:
        side: T of the tiles, a power of 2 of at least 8.
        latent_size: L.
        width: channels at the size of a tile; twice as many at each smaller one.
    """

    scale: Tensor
    """s."""

    def __init__(self, side: int, latent_size: int, width: int) -> None:
        super().__init__()
        self.register_buffer("scale", torch.ones(()))
        doublings = (side // SMALLEST_MAP).bit_length() - 1
        channels = [width << number for number in range(doublings, -1, -1)]
        self.generator = _generator(latent_size, channels)
        self.critic = _critic(channels[::-1])

    def generate(self, z: Tensor) -> Tensor:
        """Return tiles with mean 0, N × T × T, of codes, N × L."""
        seen = WIDEST * torch.tanh(self.generator(z)[:, 0] / WIDEST)
        tiles = torch.sinh(seen) * self.scale / CONTRAST
        return without_mean(tiles)

    def seen(self, tiles: Tensor) -> Tensor:
        """Return what the critic sees of tiles with mean 0: N × 1 × T × T."""
        return torch.asinh(CONTRAST * tiles / self.scale)[:, None]

    def frozen_critic(self) -> dict[str, Tensor]:
        """Return the critic's weights, through which no gradient reaches them."""
        return {name: weight.detach() for name, weight in self.critic.named_parameters()}


def _generator(latent_size: int, channels: list[int]) -> nn.Sequential:
    """Return the layers from a code to a map of one channel, from the smallest map on."""
    first = channels[0] * SMALLEST_MAP**2
    layers: list[nn.Module] = [
        nn.Linear(latent_size, first),
        nn.Unflatten(1, (channels[0], SMALLEST_MAP, SMALLEST_MAP)),
        nn.LeakyReLU(SLOPE),
    ]
    for before, after in pairwise(channels):
        layers += [
            nn.Upsample(scale_factor=2),
            nn.Conv2d(before, after, 3, padding=1),
            nn.LeakyReLU(SLOPE),
        ]
    return nn.Sequential(*layers, nn.Conv2d(channels[-1], 1, 3, padding=1))


def _critic(channels: list[int]) -> nn.Sequential:
    """Return the layers from a map of one channel to a number."""
    layers: list[nn.Module] = [nn.Conv2d(1, channels[0], 3, padding=1), nn.LeakyReLU(SLOPE)]
    for before, after in pairwise(channels):
        layers += [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels[-1] * SMALLEST_MAP**2, 1))
