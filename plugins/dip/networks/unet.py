"""The U-Net without its long connections."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ..layers import Joining, Layer, Norm, Style, multiple, smallest_map

PLAIN = Style()


class UNet(nn.Module):
    """Two convolutions at each scale down and up, as Ronneberger et al. 2015, arXiv 1505.04597, with nothing across.

    Args:
        inputs: channels of z.
        outputs: channels of the image.
        channels: of each scale, from the finest on; the last is the bottom.
        style: of the layers.
    """

    def __init__(
        self, inputs: int, outputs: int, channels: Sequence[int], style: Style = PLAIN
    ) -> None:
        super().__init__()
        self.divisor = 2 ** (len(channels) - 1)
        self.smallest = smallest_map(style.kernel, style.padding)
        self.entering = Layer(inputs, channels[0], style, norm=False)
        pairs = list(pairwise(channels))
        self.encoding = nn.ModuleList(Layer(width, width, style) for width in channels)
        self.halving = nn.ModuleList(
            Layer(width, below, style, halve=True) for width, below in pairs
        )
        self.below = nn.ModuleList(Norm(below, style.activation) for _, below in pairs)
        self.doubling = nn.ModuleList(Joining(below, 0, width, style) for width, below in pairs)
        self.decoding = nn.ModuleList(Layer(width, width, style) for width, _ in pairs)
        self.last = Layer(channels[0], outputs, style, kernel=1, bias=True)

    def input_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size of z for an image of at least this size."""
        rows, columns = (multiple(side, self.divisor, self.smallest) for side in (height, width))
        return rows, columns

    def forward(self, z: Tensor) -> Tensor:
        """Return the image on [0, 1], of the height and width of z, which ``divisor`` divides."""
        u = self.encoding[0](self.entering(z))
        for halve, encode in zip(self.halving, self.encoding[1:], strict=True):
            u = encode(halve(u))
        for norm, up, decode in reversed(
            list(zip(self.below, self.doubling, self.decoding, strict=True))
        ):
            u = decode(up(norm(u), None))
        return torch.sigmoid(self.last(u))
