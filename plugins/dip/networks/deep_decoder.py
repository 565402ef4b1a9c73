"""The deep decoder: so few parameters that it can't fit noise."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor, nn

from ..layers import Layer, Style, activate, double

RECTIFIED = Style(activation="relu")


class DeepDecoder(nn.Module):
    """1 × 1 convolutions and up-sampling alone, Heckel & Hand 2019, arXiv 1810.03982.

    Each of the scales mixes the channels, doubles the map, activates and normalises it; one more mixes, activates and
    normalises without doubling.

    Args:
        inputs: channels of z, whose height and width are those of the image divided by 2^scales.
        outputs: channels of the image.
        channels: of each map.
        scales: how often the map is doubled.
        style: its activation and its way of doubling.
    """

    def __init__(
        self, inputs: int, outputs: int, channels: int, scales: int, style: Style = RECTIFIED
    ) -> None:
        super().__init__()
        self.divisor = 2**scales
        self.style = style
        # Activated before the normalisation, not after it.
        linear = replace(style, activation="none")
        widths = [inputs, *[channels] * (scales + 1)]
        self.mixing = nn.ModuleList(
            Layer(before, after, linear, kernel=1, norm=index > 0)
            for index, (before, after) in enumerate(pairwise(widths))
        )
        self.last = Layer(channels, outputs, linear, kernel=1, bias=True)

    def input_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size of z for an image of at least this size."""
        return -(-height // self.divisor), -(-width // self.divisor)

    def forward(self, z: Tensor) -> Tensor:
        """Return the image on [0, 1]."""
        for index, mix in enumerate(self.mixing):
            z = mix(z)
            if index + 1 < len(self.mixing):
                z = double(z, self.style.up)
            z = activate(z, self.style.activation)
        return torch.sigmoid(self.last(z))
