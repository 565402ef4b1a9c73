"""Networks to compare the hourglass of the Deep Image Prior with, each from z to an image on [0,
1].

All take the channels of z as ``inputs`` and the channels of the image as ``outputs``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor, nn

from plugins.dip.network import Network
from priorbench.networks.layers import (
    Doubling,
    Joining,
    Layer,
    Norm,
    Style,
    activate,
    multiple,
    smallest_map,
)


class UNet(Network):
    """The U-Net without its long connections: two convolutions at each scale down and up.

    Ronneberger et al. 2015, arXiv 1505.04597.

    Args:
        channels: of each scale, from the finest on; the last is the bottom.
    """

    def __init__(self, inputs: int, outputs: int, channels: Sequence[int], style: Style) -> None:
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
        """Return the image, of the height and width of z, which ``divisor`` divides."""
        u = self.encoding[0](self.entering(z))
        for halve, encode in zip(self.halving, self.encoding[1:], strict=True):
            u = encode(halve(u))
        for norm, up, decode in reversed(
            list(zip(self.below, self.doubling, self.decoding, strict=True))
        ):
            u = decode(up(norm(u), None))
        return torch.sigmoid(self.last(u))


class Residual(Network):
    """Blocks u + W₂ act(norm(W₁ act(norm(u)))) between two convolutions, at the image's own size.

    He et al. 2016, arXiv 1603.05027.
    """

    def __init__(self, inputs: int, outputs: int, channels: int, blocks: int, style: Style) -> None:
        super().__init__()
        self.entering = Layer(inputs, channels, style, norm=False)
        self.blocks = nn.ModuleList(
            nn.Sequential(Layer(channels, channels, style), Layer(channels, channels, style))
            for _ in range(blocks)
        )
        self.last = Layer(channels, outputs, style, bias=True)

    def input_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size of z for an image of this size."""
        return height, width

    def forward(self, z: Tensor) -> Tensor:
        """Return the image, of the height and width of z."""
        u = self.entering(z)
        for block in self.blocks:
            u = u + block(u)
        return torch.sigmoid(self.last(u))


class Dense(Network):
    """Fully connected layers, without any notion of neighbouring pixels.

    Args:
        size: height and width of the image.
        width: of the hidden layers.
        layers: how many of them.
        style: its activation.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: tuple[int, int],
        width: int,
        layers: int,
        style: Style,
    ) -> None:
        super().__init__()
        widths = [inputs, *[width] * layers]
        self.hidden = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(widths))
        self.last = nn.Linear(width, outputs * size[0] * size[1])
        self.shape = (outputs, *size)
        self.activation = style.activation

    def input_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size of z: one pixel."""
        return 1, 1

    def forward(self, z: Tensor) -> Tensor:
        """Return the image from z, B × C × 1 × 1."""
        z = z.flatten(1)
        for layer in self.hidden:
            z = activate(layer(z), self.activation)
        return torch.sigmoid(self.last(z)).view(-1, *self.shape)


class DeepDecoder(Network):
    """1 × 1 convolutions and up-sampling alone, Heckel & Hand 2019, arXiv 1810.03982.

    So few parameters that it cannot fit noise.
    Each scale mixes the channels, doubles the map, activates and normalises it; one more mixes,
    activates and normalises without doubling.

    Args:
        scales: how often the map is doubled.
        style: its activation and its way of doubling.
    """

    def __init__(self, inputs: int, outputs: int, channels: int, scales: int, style: Style) -> None:
        super().__init__()
        self.divisor = 2**scales
        self.activation = style.activation
        # Activated before the normalisation, not after it.
        linear = replace(style, activation="none")
        widths = [inputs, *[channels] * (scales + 1)]
        self.mixing = nn.ModuleList(
            Layer(before, after, linear, kernel=1, norm=index > 0)
            for index, (before, after) in enumerate(pairwise(widths))
        )
        self.doubling = Doubling(style.up)
        self.last = Layer(channels, outputs, linear, kernel=1, bias=True)

    def input_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size of z for an image of at least this size."""
        return -(-height // self.divisor), -(-width // self.divisor)

    def forward(self, z: Tensor) -> Tensor:
        """Return the image, 2^scales times as high and wide as z."""
        for index, mix in enumerate(self.mixing):
            z = mix(z)
            if index + 1 < len(self.mixing):
                z = self.doubling(z)
            z = activate(z, self.activation)
        return torch.sigmoid(self.last(z))
