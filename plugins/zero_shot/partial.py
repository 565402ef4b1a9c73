"""Convolutions that leave out missing pixels."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["PartialConvolution"]


class PartialConvolution(nn.Module):
    """u, m ↦ Wᵀ(u ⊙ m) · n / Σm + w where the window has a known number, and 0 elsewhere.

    n is how many numbers a window has, Σm how many of them are known, all channels together; what
    lies outside of the map is missing. The pixels of the result are known where any number of the
    window was. Liu et al. 2018, doi:10.1007/978-3-030-01252-6_6.

    Args:
        inputs: channels of the map.
        outputs: channels of the result.
        kernel: side of the window, odd.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int = 3) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)
        self.kernel = kernel

    def forward(self, u: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Return the map and which of its pixels are known, B × 1 × H × W.

        Args:
            u: B × C × H × W.
            known: 1 where a number is known and 0 elsewhere, of the shape of u, or B × 1 × H × W
                for all channels.
        """
        size = self.kernel**2
        share = F.avg_pool2d(
            known.mean(1, keepdim=True), self.kernel, 1, self.kernel // 2, divisor_override=size
        )
        seen = (share > 0.5 / (size * u.shape[1])).to(u)
        weight, bias = self.convolution.weight, self.convolution.bias
        assert bias is not None
        sums = F.conv2d(u * known, weight, None, padding=self.kernel // 2)
        scale = seen / share.where(seen > 0, 1)
        return sums * scale + seen * bias[:, None, None], seen
