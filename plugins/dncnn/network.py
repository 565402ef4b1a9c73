"""A residual denoiser without constants, with the noise level as an input."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Block(nn.Module):
    """x + W₂ relu(W₁x), two 3 × 3 convolutions.

    Args:
        width: channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = (
            nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum."""
        residual: Tensor = self.second(F.relu(self.first(x)))
        return x + residual


class DenoisingNetwork(nn.Module):
    """y ↦ y − r(y, σ), with r an encoder-decoder that begins at half the size.

    A small relative of DRUNet, Zhang et al. 2021, doi:10.1109/TPAMI.2021.3088914, with the residual
    of DnCNN, Zhang et al. 2017, doi:10.1109/TIP.2017.2662206, and the space-to-depth input of
    FFDNet, doi:10.1109/TIP.2018.2839891. No layer adds a constant, so f(ty, tσ) = t f(y, σ) for t >
    0: noise stronger than in training is met in proportion (Mohan et al. 2020, arXiv 1906.05478).

    Args:
        width: channels at half the size; twice as many at each scale below.
        blocks: on the way down at each scale, and as many on the way up.
        scales: how many.
    """

    def __init__(self, width: int, blocks: int, scales: int) -> None:
        super().__init__()
        widths = [width * 2**scale for scale in range(scales)]
        self.head = nn.Conv2d(5, width, 3, padding=1, bias=False)
        self.encoding = nn.ModuleList(_blocks(each, blocks) for each in widths)
        self.decoding = nn.ModuleList(_blocks(each, blocks) for each in widths[:-1])
        pairs = list(pairwise(widths))
        self.down = nn.ModuleList(
            nn.Conv2d(fine, coarse, 2, stride=2, bias=False) for fine, coarse in pairs
        )
        self.up = nn.ModuleList(
            nn.Conv2d(coarse, 4 * fine, 1, bias=False) for fine, coarse in pairs
        )
        self.tail = nn.Conv2d(width, 4, 3, padding=1, bias=False)
        self.divisor = 2**scales
        # Each block has two convolutions that look one of its pixels further; head and tail one
        # each.
        ways = [2] * (scales - 1) + [1]
        reach = 2 * 2 + sum(2 ** (scale + 1) * 2 * blocks * way for scale, way in enumerate(ways))
        self.reach = -(-(reach + self.divisor) // self.divisor) * self.divisor
        # Torch's own declarations leave this form of ``to`` out.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, y: Tensor, sigma: Tensor) -> Tensor:
        """Return the estimate of the clean planes.

        Args:
            y: noisy planes around 0, B × H × W; ``divisor`` divides H and W. What lies further than
                ``reach`` pixels from a pixel does not change its estimate.
            sigma: σ of each, B.
        """
        pixels = F.pixel_unshuffle(y[:, None], 2)
        level = sigma[:, None, None, None].expand(-1, 1, *pixels.shape[2:])
        x = self.head(
            torch.cat([pixels, level], dim=1).contiguous(memory_format=torch.channels_last)
        )
        return y - F.pixel_shuffle(self.tail(self._scale(x, 0)), 2)[:, 0]

    def _scale(self, x: Tensor, scale: int) -> Tensor:
        x = self.encoding[scale](x)
        if scale < len(self.down):
            below = self._scale(self.down[scale](x), scale + 1)
            x = self.decoding[scale](x + F.pixel_shuffle(self.up[scale](below), 2))
        return x


def _blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(Block(width) for _ in range(count)))
