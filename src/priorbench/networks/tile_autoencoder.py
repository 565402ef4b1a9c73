"""Encoder and decoder of tiles, and the density that the decoder gives.

What autoencoders with other codes share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from priorbench.networks.block_dct import BlockDCT
from priorbench.numerics.constants import QUANTISATION_VARIANCE

__all__ = ["Decoded", "TileAutoencoder", "seen_through_noise"]

WIDEST = 12.0
"""Bound on the logarithms of variances."""
SIGMA_MIN = 1 / 255
LOG_TWO_PI = math.log(2 * math.pi)


@dataclass(frozen=True)
class Decoded:
    """p(u | z): independent Gaussian coefficients of a tile without its mean.

    Args:
        mean: N × b² × g × g.
        variance: of the same shape.
    """

    mean: Tensor
    variance: Tensor

    def log_prob(self, u: Tensor, noise_variance: Tensor) -> Tensor:
        """Return log p of coefficients with white noise, in nats on the T² - 1 dimensions, N.

        The coefficients of a tile without its mean lie where n'u = 0, with n the direction of the
        constant tile: the density is that of the Gaussian, given that.

        Args:
            u: N × b² × g × g.
            noise_variance: of each tile, N.
        """
        total = self.variance + noise_variance[:, None, None, None]
        full = ((u - self.mean).square() / total + total.log() + LOG_TWO_PI).sum((1, 2, 3))
        grid = u.shape[-1]
        along, spread = self.mean[:, 0].sum((1, 2)) / grid, total[:, 0].sum((1, 2)) / grid**2
        return -0.5 * (full - along.square() / spread - spread.log() - LOG_TWO_PI)

    def estimate(self, u: Tensor, noise_variance: Tensor) -> Tensor:
        """Return the mean of the clean coefficients, given the noisy ones and z."""
        share = self.variance / (self.variance + noise_variance[:, None, None, None])
        return torch.lerp(self.mean, u, share)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Return coefficients drawn from p(u | z), of tiles without a mean."""
        standard = torch.randn(self.mean.shape, generator=generator).to(self.mean)
        u = self.mean + self.variance.sqrt() * standard
        blocks, variance = u[:, 0], self.variance[:, 0]
        excess = blocks.sum((1, 2), keepdim=True) / variance.sum((1, 2), keepdim=True)
        return torch.cat([(blocks - variance * excess)[:, None], u[:, 1:]], dim=1)


class Block(nn.Module):
    """x + W₂ silu(W₁ silu(x)).

    Args:
        width: channels.
        kernel: side of the kernels.
    """

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.first, self.second = (
            nn.Conv2d(width, width, kernel, padding=kernel // 2) for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum."""
        residual: Tensor = self.second(F.silu(self.first(F.silu(x))))
        return x + residual


class TileAutoencoder(nn.Module):
    """Maps of a code from the block coefficients u of a tile, and p(u | code).

    The decoder gives a mean and a variance for every coefficient, both functions of the code. The
    noise variance s on u is an input of the encoder: one network serves every step of a
    continuation, as the encoders of González, Almansa & Tan 2022, doi:10.1137/21M140225X, are
    trained to withstand noise.

    Args:
        dct: the coordinates.
        least: side g of the maps of the code: blocks along a tile, halved as often as is needed.
        told: channels of what the encoder tells.
        taken: channels of what the decoder takes.
        width: channels of the convolutions.
        depth: residual blocks at each scale, on either side.
    """

    spectrum: Tensor
    """Mean variance of each coefficient, b²."""

    def __init__(
        self, dct: BlockDCT, least: int, told: int, taken: int, width: int, depth: int
    ) -> None:
        super().__init__()
        self.register_buffer("spectrum", torch.ones(dct.frequencies))
        self.least = least
        halvings = (dct.grid // self.least).bit_length() - 1
        # A single block has no neighbours.
        kernel = 3 if dct.grid > 1 else 1
        down: list[nn.Module] = [nn.Conv2d(dct.frequencies + 1, width, kernel, padding=kernel // 2)]
        up: list[nn.Module] = []
        for _ in range(halvings):
            down += [
                *(Block(width, kernel) for _ in range(depth)),
                nn.Conv2d(width, width, 2, stride=2),
            ]
            up += [
                *(Block(width, kernel) for _ in range(depth)),
                nn.ConvTranspose2d(width, width, 2, stride=2),
            ]
        self.down = nn.Sequential(*down, *(Block(width, kernel) for _ in range(depth)))
        self.up = nn.Sequential(*up, *(Block(width, kernel) for _ in range(depth)))
        self.to_code = nn.Conv2d(width, told, 1)
        self.from_code = nn.Conv2d(taken, width, 1)
        self.to_mean, self.to_log_variance = (
            nn.Conv2d(width, dct.frequencies, kernel, padding=kernel // 2) for _ in range(2)
        )

    def told(self, u: Tensor, noise_variance: Tensor) -> Tensor:
        """Return what the encoder tells, N × told × g × g.

        Args:
            u: noisy coefficients, N × b² × T/b × T/b.
            noise_variance: s of each tile, N.
        """
        spectrum, noise = self.spectrum[:, None, None], noise_variance[:, None, None, None]
        # The Wiener estimate on the scale of natural tiles, whose contrast varies by orders of
        # magnitude.
        seen = torch.asinh(u * spectrum.sqrt() / (spectrum + noise))
        level = torch.log1p(noise / self.spectrum.mean()).expand(-1, 1, *u.shape[2:])
        maps: Tensor = self.to_code(F.silu(self.down(torch.cat([seen, level], dim=1))))
        return maps

    def decoded(self, maps: Tensor) -> Decoded:
        """Return p(u | code) of a code's maps, N × taken × g × g."""
        features = F.silu(self.up(self.from_code(maps)))
        spectrum = self.spectrum[:, None, None]
        contrast = self.to_log_variance(features).clamp(-WIDEST, WIDEST).exp()
        # Every pixel of a training image was rounded to 8 bits.
        variance = QUANTISATION_VARIANCE + spectrum * contrast
        return Decoded(spectrum.sqrt() * self.to_mean(features), variance)


def seen_through_noise(
    tiles: Tensor, share: float, sigma_max: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return tiles, N × T × T, some of them with white noise, and its variance on each, N.

    Args:
        tiles: clean.
        share: fraction of those with noise.
        sigma_max: its largest σ, 0–255.
        generator: randomness, on the CPU.
    """
    # Levels are spread evenly over their logarithm, down to one that changes nothing.
    level = torch.rand(len(tiles), generator=generator)
    sigma = SIGMA_MIN * (sigma_max / 255 / SIGMA_MIN) ** level
    sigma *= torch.rand(len(tiles), generator=generator) < share
    noise = sigma[:, None, None] * torch.randn(tiles.shape, generator=generator)
    return tiles + noise.to(tiles.device), sigma.square().to(tiles.device)
