"""Convolutions that see only the pixels before: the rows above, and the row up to the pixel."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["First", "Layer", "gated"]


def gated(x: Tensor) -> Tensor:
    """Return tanh(a) sigmoid(b) with a and b the halves of the channels."""
    a, b = x.chunk(2, dim=1)
    return torch.tanh(a) * torch.sigmoid(b)


class First(nn.Module):
    """The two streams that begin with a map.

    At a pixel, ``above`` has seen rows before its own, ``left`` these and pixels before it.

    Args:
        inputs: channels of the map.
        width: channels of each stream.
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.above = nn.Conv2d(inputs, width, (2, 3))
        self.left = nn.Conv2d(inputs, width, (1, 2))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``above`` and ``left``, N × width × T × T."""
        rows = self.above(F.pad(x, (1, 1, 2, 0)))[:, :, :-1]
        return rows, rows + self.left(F.pad(x, (2, 0, 0, 0)))[:, :, :, :-1]


class Layer(nn.Module):
    """A gated residual layer of both streams.

    Args:
        width: channels of each stream.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.above = nn.Conv2d(width, 2 * width, (2, 3))
        self.left = nn.Conv2d(width, 2 * width, (1, 2))
        self.across = nn.Conv2d(width, 2 * width, 1)

    def forward(self, above: Tensor, left: Tensor) -> tuple[Tensor, Tensor]:
        """Return the streams one layer on."""
        from_above = self.above(F.pad(above, (1, 1, 1, 0)))
        from_left = self.left(F.pad(left, (1, 0, 0, 0))) + self.across(above)
        return above + gated(from_above), left + gated(from_left)
