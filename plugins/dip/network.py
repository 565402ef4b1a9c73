"""What the prior asks of a network, and the one that it uses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from priorbench.networks.layers import Joining, Layer, Norm, Style, multiple, smallest_map

PLAIN = Style()


class Network(nn.Module, ABC):
    """A module from z to an image on [0, 1] that is at least as large as wanted."""

    @abstractmethod
    def input_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size of z for an image of at least this size."""


class Hourglass(Network):
    """Encoder and decoder with skip connections, Ulyanov et al. 2018, arXiv 1711.10925, figure 21.

    At each scale the encoder halves the map with one convolution and applies another.
    The decoder doubles what comes from below, concatenates the skip connection's channels, and
    applies a convolution and a 1 × 1 convolution.

    Args:
        inputs: channels of z.
        outputs: channels of the image.
        channels: of each scale, from the finest on.
        skips: channels of the skip connection at each scale; 0 for none.
        style: of the layers.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        channels: Sequence[int],
        skips: Sequence[int],
        style: Style = PLAIN,
    ) -> None:
        super().__init__()
        self.divisor = 2 ** len(channels)
        self.smallest = smallest_map(style.kernel, style.padding)
        widths = [inputs, *channels]
        # Parameters are listed in this order, and drawn scale by scale.
        self.halving = nn.ModuleList()
        self.encoding = nn.ModuleList()
        self.across = nn.ModuleList()
        self.beside = nn.ModuleList()
        self.below = nn.ModuleList()
        self.joining = nn.ModuleList()
        self.mixing = nn.ModuleList()
        for scale, (before, width, skip) in enumerate(zip(widths, channels, skips, strict=False)):
            # z is not normalised.
            norm = scale > 0
            deeper = channels[scale + 1] if scale + 1 < len(channels) else width
            self.halving.append(Layer(before, width, style, norm=norm, halve=True))
            self.encoding.append(Layer(width, width, style))
            self.across.append(
                Layer(before, skip, style, kernel=1, norm=norm) if skip else nn.Identity()
            )
            self.beside.append(Norm(skip, style.activation) if skip else nn.Identity())
            self.below.append(Norm(deeper, style.activation))
            self.joining.append(Joining(deeper, skip, width, style))
            self.mixing.append(Layer(width, width, style, kernel=1))
        self.last = Layer(channels[0], outputs, style, kernel=1, bias=True)
        self.skips = list(skips)

    def input_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size of z for an image of at least this size."""
        rows, columns = (multiple(side, self.divisor, self.smallest) for side in (height, width))
        return rows, columns

    def forward(self, z: Tensor) -> Tensor:
        """Return the image on [0, 1], of the size of z, which ``divisor`` divides."""
        return torch.sigmoid(self.last(self._scale(z, 0)))

    def _scale(self, u: Tensor, scale: int) -> Tensor:
        deep = self.encoding[scale](self.halving[scale](u))
        if scale + 1 < len(self.halving):
            deep = self._scale(deep, scale + 1)
        skip = self.beside[scale](self.across[scale](u)) if self.skips[scale] else None
        mixed: Tensor = self.mixing[scale](self.joining[scale](self.below[scale](deep), skip))
        return mixed
