"""The pieces that the networks are made of, in their fused form where there is one.

A map is B × C × H × W, stored pixel after pixel (``channels_last``). A map that is kept is the one before its
normalisation: what reads it normalises and activates it, so that nothing else has to be kept for the gradient.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .fused.convolution import Convolution, Geometry
from .fused.joining import DoubledMoments, JoinedConvolution
from .fused.normalisation import EPSILON, NormActivate
from .fused.upsampling import Double

Activation = Literal["leaky-relu", "relu", "elu", "swish", "none"]
Padding = Literal["reflect", "replicate", "zeros"]
Down = Literal["stride", "average", "max"]
Up = Literal["bilinear", "nearest"]

SLOPE = 0.2


@dataclass(frozen=True)
class Style:
    """What the layers of a network have in common.

    Args:
        kernel: side of the kernels, odd.
        activation: after each normalisation.
        padding: what lies outside of a map.
        down: how a map is halved.
        up: how it is doubled.
        products: the type that convolutions multiply in; what they read and give keeps its own. None for that one.
    """

    kernel: int = 3
    activation: Activation = "leaky-relu"
    padding: Padding = "reflect"
    down: Down = "stride"
    up: Up = "bilinear"
    products: torch.dtype | None = None


# Torch's own declarations leave the type of ``apply`` open.
_norm_activate: Callable[..., Tensor] = NormActivate.apply
_convolve: Callable[..., Tensor] = Convolution.apply
_double: Callable[..., Tensor] = Double.apply
_doubled_moments: Callable[..., tuple[Tensor, Tensor]] = DoubledMoments.apply
_convolve_joined: Callable[..., Tensor] = JoinedConvolution.apply

_SLOPES = {"leaky-relu": SLOPE, "none": 1.0}


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
        if self.activation in _SLOPES and _fusable(u):
            slope = _SLOPES[self.activation]
            return _image(_norm_activate(_pixels(u), self.gamma, self.beta, slope))
        return activate(self.normalise(u), self.activation)

    def normalise(self, u: Tensor) -> Tensor:
        """Return norm(u)."""
        variance, mean = torch.var_mean(u, dim=(2, 3), correction=0, keepdim=True)
        scale = self.gamma[:, None, None] * (variance + EPSILON).rsqrt()
        return u * scale + (self.beta[:, None, None] - mean * scale)


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
        self.kernel, self.padding, self.down = kernel, style.padding, style.down if halve else None
        self.products = style.products
        # As torch's own convolutions begin.
        bound = 1 / math.sqrt(kernel * kernel * inputs)
        for parameter in (self.weight, self.bias):
            if parameter is not None:
                nn.init.uniform_(parameter, -bound, bound)

    def forward(self, u: Tensor) -> Tensor:
        """Return the convolution of the activated map."""
        stride = 2 if self.down == "stride" else 1
        if self._fusable(u, stride):
            norm, geometry = self.norm, Geometry(u.shape[2], u.shape[3], self.kernel, stride)
            gamma, beta, slope = (
                (None, None, 1.0)
                if norm is None
                else (norm.gamma, norm.beta, _SLOPES[norm.activation])
            )
            out = _image(
                _convolve(
                    _pixels(u),
                    gamma,
                    beta,
                    self.weight,
                    self.bias,
                    slope,
                    geometry,
                    self.products or u.dtype,
                )
            )
        else:
            out = self._plain(u if self.norm is None else self.norm(u), stride)
        if self.down in ("average", "max"):
            out = (F.avg_pool2d if self.down == "average" else F.max_pool2d)(out, 2)
        return out

    def _plain(self, a: Tensor, stride: int) -> Tensor:
        k, pad = self.kernel, self.kernel // 2
        weight = self.weight.view(k, k, *self.weight.shape[1:]).permute(3, 2, 0, 1)
        if pad and self.padding != "zeros":
            a = F.pad(a, (pad,) * 4, mode=self.padding)
            pad = 0
        dtype = self.products or a.dtype
        result = F.conv2d(a.to(dtype), weight.to(dtype), None, stride, pad).to(a.dtype)
        return result if self.bias is None else result + self.bias[:, None, None]

    def _fusable(self, u: Tensor, stride: int) -> bool:
        pad, (height, width) = self.kernel // 2, u.shape[2:]
        return (
            _fusable(u)
            and (self.norm is None or self.norm.activation in _SLOPES)
            and (pad == 0 or (self.padding == "reflect" and min(height, width) > pad))
            and height % stride == 0
            and width % stride == 0
            and self.kernel >= stride
            and (self.kernel - 1) % stride == 0
        )


def double(x: Tensor, up: Up) -> Tensor:
    """Return the map at twice its height and width."""
    if up == "bilinear" and _fusable(x):
        return _image(_double(_pixels(x)))
    return F.interpolate(x, scale_factor=2, mode=up)


class Joining(nn.Module):
    """Double a map, put another beside it, normalise both, pad, convolve.

    Args:
        deep: channels of the map that is doubled.
        skip: channels of the other; 0 for none.
        outputs: channels of the result.
        style: of the network; nothing is activated between the normalisation and the convolution.
    """

    def __init__(self, deep: int, skip: int, outputs: int, style: Style) -> None:
        super().__init__()
        self.norm = Norm(deep + skip, "none")
        self.layer = Layer(deep + skip, outputs, style, norm=False)
        self.deep, self.up = deep, style.up

    def forward(self, deep: Tensor, skip: Tensor | None) -> Tensor:
        """Return the convolution.

        Args:
            deep: B × C × H × W.
            skip: B × S × 2H × 2W, or None.
        """
        if (
            _fusable(deep)
            and self.up == "bilinear"
            and self.layer.kernel == 3
            and self.layer.padding == "reflect"
        ):
            return self._fused(_pixels(deep), None if skip is None else _pixels(skip))
        doubled = double(deep, self.up)
        joined: Tensor = self.layer(
            self.norm(doubled if skip is None else torch.cat([doubled, skip], dim=1))
        )
        return joined

    def _fused(self, deep: Tensor, skip: Tensor | None) -> Tensor:
        mean, square = _doubled_moments(deep)
        variance = square - mean.square()
        if skip is not None:
            skip_variance, skip_mean = torch.var_mean(skip, dim=(0, 1), correction=0)
            mean, variance = torch.cat([mean, skip_mean]), torch.cat([variance, skip_variance])
        # Nothing follows the normalisation but the convolution, and a constant stays one under padding by reflection:
        # scale and shift go into the weights.
        weight = self.layer.weight
        scale = self.norm.gamma * (variance + EPSILON).rsqrt()
        shift = self.norm.beta - mean * scale
        scaled = weight * scale[:, None]
        beside = None if skip is None else scaled[:, self.deep :]
        products = self.layer.products or deep.dtype
        return _image(
            _convolve_joined(
                deep, skip, scaled[:, : self.deep], beside, shift @ weight.sum(0), products
            )
        )


def smallest_map(kernel: int, padding: Padding) -> int:
    """Return the least side of a map that is convolved: padding by reflection needs more pixels than it adds."""
    return max(2, kernel // 2 + 1) if padding == "reflect" else 2


def multiple(length: int, divisor: int, smallest: int) -> int:
    """Return the least multiple of ``divisor`` that is at least ``length`` and ``smallest`` times the divisor."""
    return max(-(-length // divisor), smallest) * divisor


_FUSED = ContextVar("fused", default=True)


@contextlib.contextmanager
def unfused() -> Iterator[None]:
    """Use torch's own layers inside: the fused ones can't be vectorised."""
    token = _FUSED.set(False)
    try:
        yield
    finally:
        _FUSED.reset(token)


def _fusable(u: Tensor) -> bool:
    """Whether the fused form can take a map: one image, on the processor."""
    return u.shape[0] == 1 and u.device.type == "cpu" and _FUSED.get()


def _pixels(u: Tensor) -> Tensor:
    """Return a map 1 × C × H × W as H × W × C."""
    return u.squeeze(0).permute(1, 2, 0).contiguous()


def _image(u: Tensor) -> Tensor:
    """Return H × W × C as a map 1 × C × H × W."""
    return u.permute(2, 0, 1).unsqueeze(0)
