"""Residual blocks at the image's own resolution."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..layers import Layer, Style

PLAIN = Style()


class Residual(nn.Module):
    """A convolution, blocks u + W₂ act(norm(W₁ act(norm(u)))), a last convolution: He et al. 2016, arXiv 1603.05027.

    Args:
        inputs: channels of z.
        outputs: channels of the image.
        channels: of the maps.
        blocks: how many.
        style: of the layers.
    """

    def __init__(
        self, inputs: int, outputs: int, channels: int, blocks: int, style: Style = PLAIN
    ) -> None:
        super().__init__()
        self.entering = Layer(inputs, channels, style, norm=False)
        self.blocks = nn.ModuleList(
            nn.Sequential(Layer(channels, channels, style), Layer(channels, channels, style))
            for _ in range(blocks)
        )
        self.last = Layer(channels, outputs, style, bias=True)

    def input_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size of z for an image of at least this size."""
        return height, width

    def forward(self, z: Tensor) -> Tensor:
        """Return the image on [0, 1], of the height and width of z."""
        u = self.entering(z)
        for block in self.blocks:
            u = u + block(u)
        return torch.sigmoid(self.last(u))
