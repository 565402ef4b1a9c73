"""Layers for networks that are fitted to one image, in plain PyTorch.

A map is B × C × H × W.
A layer normalises and activates its input before it convolves it, so the map that is kept for the
gradient is the one before its normalisation.
:func:`priorbench.networks.fused.fuse` replaces these layers by faster ones that compute the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = [
    "Activation",
    "Doubling",
    "Down",
    "Joining",
    "Layer",
    "Norm",
    "Padding",
    "Style",
    "Up",
    "activate",
    "multiple",
    "smallest_map",
]

Activation = Literal["leaky-relu", "relu", "elu", "swish", "none"]
"""The function after a layer."""

Padding = Literal["reflect", "replicate", "zeros"]
"""What lies outside of a map."""

Down = Literal["stride", "average", "max"]
"""How a map is halved."""

Up = Literal["bilinear", "nearest"]
"""How a map is doubled."""

SLOPE = 0.2
"""Slope of the leaky ReLU for negative numbers."""

EPSILON = 1e-5
"""Added to a variance before its root is taken."""


@dataclass(frozen=True)
class Style:
    """What the layers of a network have in common.

    Args:
        kernel: side of the kernels, odd.
        activation: after each normalisation.
        padding: what lies outside of a map.
        down: how a map is halved.
        up: how it is doubled.
        products: dtype that convolutions multiply in, their inputs and outputs keep their own;
            None for the dtype of the input.
    """

    kernel: int = 3
    activation: Activation = "leaky-relu"
    padding: Padding = "reflect"
    down: Down = "stride"
    up: Up = "bilinear"
    products: torch.dtype | None = None


def activate(x: Tensor, activation: Activation) -> Tensor:
    """Return the activation of each number."""
    if activation == "leaky-relu":
        return F.leaky_relu(x, SLOPE)
    if activation == "none":
        return x
    if activation == "relu":
        return F.relu(x)
    return F.elu(x) if activation == "elu" else F.silu(x)


class Norm(nn.Module):
    """Batch normalisation with each image's own mean and variance, then an activation.

    Args:
        channels: C.
        activation: what follows.
    """

    def __init__(self, channels: int, activation: Activation = "leaky-relu") -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))
        self.activation: Activation = activation

    def forward(self, u: Tensor) -> Tensor:
        """Return act(norm(u))."""
        variance, mean = torch.var_mean(u, dim=(2, 3), correction=0, keepdim=True)
        scale = self.gamma[:, None, None] * (variance + EPSILON).rsqrt()
        return activate(u * scale + (self.beta[:, None, None] - mean * scale), self.activation)


class Layer(nn.Module):
    """Normalise, activate, pad, convolve.

    Args:
        inputs: channels of the map.
        outputs: channels of the result.
        style: of the network.
        kernel: side of the kernel, odd; None for the style's.
        norm: whether the map is normalised and activated first; the network's input is not.
        bias: whether a constant is added; before a normalisation it would have no effect.
        halve: whether the result is half as large.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        style: Style,
        *,
        kernel: int | None = None,
        norm: bool = True,
        bias: bool = False,
        halve: bool = False,
    ) -> None:
        super().__init__()
        kernel = kernel or style.kernel
        self.norm = Norm(inputs, style.activation) if norm else None
        self.weight = nn.Parameter(torch.empty(kernel * kernel, inputs, outputs))
        self.bias = nn.Parameter(torch.empty(outputs)) if bias else None
        self.kernel, self.padding = kernel, style.padding
        self.down = style.down if halve else None
        self.stride = 2 if self.down == "stride" else 1
        self.products = style.products
        # The initialisation of torch.nn.Conv2d.
        bound = 1 / math.sqrt(kernel * kernel * inputs)
        for parameter in (self.weight, self.bias):
            if parameter is not None:
                nn.init.uniform_(parameter, -bound, bound)

    def forward(self, u: Tensor) -> Tensor:
        """Return the convolution of the activated map."""
        out = self.convolve(u)
        if self.down == "average":
            return F.avg_pool2d(out, 2)
        return F.max_pool2d(out, 2) if self.down == "max" else out

    def convolve(self, u: Tensor) -> Tensor:
        """Return the convolution before any pooling."""
        a = u if self.norm is None else self.norm(u)
        k, pad = self.kernel, self.kernel // 2
        weight = self.weight.view(k, k, *self.weight.shape[1:]).permute(3, 2, 0, 1)
        if pad and self.padding != "zeros":
            a = F.pad(a, (pad, pad, pad, pad), mode=self.padding)
            pad = 0
        dtype = self.products or a.dtype
        result = F.conv2d(a.to(dtype), weight.to(dtype), None, self.stride, pad).to(a.dtype)
        return result if self.bias is None else result + self.bias[:, None, None]


class Doubling(nn.Module):
    """Interpolate a map to twice its height and width.

    Args:
        up: how.
    """

    def __init__(self, up: Up) -> None:
        super().__init__()
        self.up: Up = up

    def forward(self, u: Tensor) -> Tensor:
        """Return the map of 2H × 2W."""
        return F.interpolate(u, scale_factor=2, mode=self.up)


class Joining(nn.Module):
    """Doubling a map, concatenate another to it, normalise both, pad, convolve.

    Args:
        deep: channels of the map that is doubled.
        skip: channels of the other; 0 for none.
        outputs: channels of the result.
        style: of the network; no activation follows the normalisation.
    """

    def __init__(self, deep: int, skip: int, outputs: int, style: Style) -> None:
        super().__init__()
        self.doubling = Doubling(style.up)
        self.norm = Norm(deep + skip, "none")
        self.layer = Layer(deep + skip, outputs, style, norm=False)

    def forward(self, deep: Tensor, skip: Tensor | None) -> Tensor:
        """Return the convolution.

        Args:
            deep: B × C × H × W.
            skip: B × S × 2H × 2W, or None.
        """
        doubled = self.doubling(deep)
        joined: Tensor = doubled if skip is None else torch.cat([doubled, skip], dim=1)
        result: Tensor = self.layer(self.norm(joined))
        return result


def smallest_map(kernel: int, padding: Padding) -> int:
    """Return the least side of a map to convolve: reflection needs more pixels than it adds."""
    return max(2, kernel // 2 + 1) if padding == "reflect" else 2


def multiple(length: int, divisor: int, smallest: int) -> int:
    """Return the least multiple of ``divisor`` ≥ both ``length`` and ``smallest · divisor``."""
    return max(-(-length // divisor), smallest) * divisor
