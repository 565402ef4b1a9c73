"""Fully connected layers: a network without any notion of neighbouring pixels."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from ..layers import Style, activate

PLAIN = Style()


class Dense(nn.Module):
    """z as one vector, hidden layers, and all pixels at once from the last.

    Args:
        inputs: channels of z, which is one pixel.
        outputs: channels of the image.
        size: its height and width.
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
        style: Style = PLAIN,
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
        """Return the image on [0, 1] from z, B × C × 1 × 1."""
        z = z.flatten(1)
        for layer in self.hidden:
            z = activate(layer(z), self.activation)
        return torch.sigmoid(self.last(z)).view(-1, *self.shape)
