"""Encoder and decoder of tiles."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from priorbench.numerics.constants import QUANTISATION_VARIANCE

from .blocks import BlockDCT
from .density import Code, Decoded
from .parameters import smallest_grid

WIDEST = 12.0
"""Bound on the logarithms of variances."""


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


class TileNetwork(nn.Module):
    """Encoder q(z | u, s) and decoder p(u | z) of the block coefficients u of a tile.

    Kingma & Welling 2014, arXiv 1312.6114. The decoder gives a mean and a variance for every
    coefficient, both functions of z. The noise variance s on u is an input of the encoder: one
    network serves every step of a continuation, as the encoders of González, Almansa & Tan 2022,
    doi:10.1137/21M140225X, are trained to withstand noise.

    Args:
        dct: the coordinates.
        latent_size: L, shared equally by the positions of the smallest map.
        width: channels.
        depth: residual blocks at each scale, on either side.
    """

    spectrum: Tensor

    def __init__(self, dct: BlockDCT, latent_size: int, width: int, depth: int) -> None:
        super().__init__()
        self.register_buffer("spectrum", torch.ones(dct.frequencies))
        self.least = smallest_grid(dct.size, dct.block)
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
        self.to_code = nn.Conv2d(width, 2 * latent_size // self.least**2, 1)
        self.from_code = nn.Conv2d(latent_size // self.least**2, width, 1)
        self.to_mean, self.to_log_variance = (
            nn.Conv2d(width, dct.frequencies, kernel, padding=kernel // 2) for _ in range(2)
        )

    def encode(self, u: Tensor, noise_variance: Tensor) -> Code:
        """Return q(z | u, s).

        Args:
            u: noisy coefficients, N × b² × g × g.
            noise_variance: s of each tile, N.
        """
        spectrum, noise = self.spectrum[:, None, None], noise_variance[:, None, None, None]
        # The Wiener estimate on the scale of natural tiles, whose contrast varies by orders of
        # magnitude.
        seen = torch.asinh(u * spectrum.sqrt() / (spectrum + noise))
        level = torch.log1p(noise / self.spectrum.mean()).expand(-1, 1, *u.shape[2:])
        features = F.silu(self.down(torch.cat([seen, level], dim=1)))
        mean, log_variance = self.to_code(features).chunk(2, dim=1)
        return Code(mean.flatten(1), log_variance.flatten(1).clamp(-WIDEST, WIDEST))

    def decode(self, z: Tensor) -> Decoded:
        """Return p(u | z)."""
        features = F.silu(self.up(self.from_code(z.view(len(z), -1, self.least, self.least))))
        spectrum = self.spectrum[:, None, None]
        contrast = self.to_log_variance(features).clamp(-WIDEST, WIDEST).exp()
        # Every pixel of a training image was rounded to 8 bits.
        variance = QUANTISATION_VARIANCE + spectrum * contrast
        return Decoded(spectrum.sqrt() * self.to_mean(features), variance)
