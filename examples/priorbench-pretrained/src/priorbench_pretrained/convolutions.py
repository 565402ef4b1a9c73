"""What a network of convolutions consists of once it is trained."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Convolution:
    """A 3 × 3 convolution.

    Args:
        weight: outputs × inputs × 3 × 3.
        bias: one number for each output; None for no bias.
    """

    weight: Tensor
    bias: Tensor | None

    def __call__(self, x: Tensor, padding: int) -> Tensor:
        """Return the convolution of images, B × inputs × H × W, on their device.

        Args:
            x: the images.
            padding: rows and columns of zeros that are put around them.
        """
        bias = None if self.bias is None else self.bias.to(x)
        return F.conv2d(x, self.weight.to(x), bias, padding=padding)
