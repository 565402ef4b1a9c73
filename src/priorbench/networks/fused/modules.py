"""The layers of :mod:`priorbench.networks.layers` with fast forms for one image on the CPU.

Each takes over its plain layer's parameters, and its forward where the fast form does not apply.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

from priorbench.networks.layers import EPSILON, SLOPE, Doubling, Joining, Layer, Norm

from .convolution import Convolution, Geometry
from .joining import DoubledMoments, JoinedConvolution
from .normalisation import NormActivate
from .upsampling import DoubleBilinear

Network = TypeVar("Network", bound=nn.Module)

SLOPES = {"leaky-relu": SLOPE, "none": 1.0}
"""Activation → its slope for negative numbers; those that are not piecewise linear have none."""

# Torch's own declarations leave the type of ``apply`` open.
_norm_activate: Callable[..., Tensor] = NormActivate.apply
_convolve: Callable[..., Tensor] = Convolution.apply
_double: Callable[..., Tensor] = DoubleBilinear.apply
_doubled_moments: Callable[..., tuple[Tensor, Tensor]] = DoubledMoments.apply
_convolve_joined: Callable[..., Tensor] = JoinedConvolution.apply


def fuse(network: Network) -> Network:
    """Replace the plain layers of a network by their fast forms, in place, and return it.

    Values and gradients are the same but for rounding; parameters, their names and their order
    stay as they are.
    """
    for module in network.modules():
        # A fast layer has the same attributes as the plain one and differs in ``forward`` alone.
        module.__class__ = FAST.get(type(module), type(module))
    return network


class FastNorm(Norm):
    """A :class:`Norm` that normalises and activates in one pass."""

    def forward(self, u: Tensor) -> Tensor:
        """Return act(norm(u))."""
        if not _one_on_cpu(u) or self.activation not in SLOPES:
            return super().forward(u)
        slope = SLOPES[self.activation]
        return _image(_norm_activate(_pixels(u), self.gamma, self.beta, slope))


class FastLayer(Layer):
    """A :class:`Layer` that normalises, activates, pads and convolves in one pass."""

    def convolve(self, u: Tensor) -> Tensor:
        """Return the convolution before any pooling."""
        if not self._applies(u):
            return super().convolve(u)
        norm = self.norm
        return _image(
            _convolve(
                _pixels(u),
                None if norm is None else norm.gamma,
                None if norm is None else norm.beta,
                self.weight,
                self.bias,
                1.0 if norm is None else SLOPES[norm.activation],
                Geometry(u.shape[2], u.shape[3], self.kernel, self.stride),
                self.products or u.dtype,
            )
        )

    def _applies(self, u: Tensor) -> bool:
        pad, stride, (height, width) = self.kernel // 2, self.stride, u.shape[2:]
        return (
            _one_on_cpu(u)
            and (self.norm is None or self.norm.activation in SLOPES)
            and (pad == 0 or (self.padding == "reflect" and min(height, width) > pad))
            and height % stride == 0
            and width % stride == 0
            and self.kernel >= stride
            and (self.kernel - 1) % stride == 0
        )


class FastDoubling(Doubling):
    """A :class:`Doubling` in bands of rows."""

    def forward(self, u: Tensor) -> Tensor:
        """Return the map of 2H × 2W."""
        if not _one_on_cpu(u) or self.up != "bilinear":
            return super().forward(u)
        return _image(_double(_pixels(u)))


class FastJoining(Joining):
    """A :class:`Joining` that convolves at the small size and interpolates the products."""

    def forward(self, deep: Tensor, skip: Tensor | None) -> Tensor:
        """Return the convolution."""
        layer = self.layer
        if (
            not _one_on_cpu(deep)
            or self.doubling.up != "bilinear"
            or layer.kernel != 3
            or layer.padding != "reflect"
        ):
            return super().forward(deep, skip)
        small, channels = _pixels(deep), deep.shape[1]
        mean, square = _doubled_moments(small)
        variance = square - mean.square()
        other = None if skip is None else _pixels(skip)
        if other is not None:
            other_variance, other_mean = torch.var_mean(other, dim=(0, 1), correction=0)
            mean = torch.cat([mean, other_mean])
            variance = torch.cat([variance, other_variance])
        # Only the convolution follows the normalisation, and a constant stays one under padding by
        # reflection: scale and shift go into the weights.
        scale = self.norm.gamma * (variance + EPSILON).rsqrt()
        shift = self.norm.beta - mean * scale
        scaled = layer.weight * scale[:, None]
        return _image(
            _convolve_joined(
                small,
                other,
                scaled[:, :channels],
                None if other is None else scaled[:, channels:],
                shift @ layer.weight.sum(0),
                layer.products or deep.dtype,
            )
        )


FAST: dict[type[nn.Module], type[nn.Module]] = {
    Norm: FastNorm,
    Layer: FastLayer,
    Doubling: FastDoubling,
    Joining: FastJoining,
}
"""Plain layer → its fast form."""


def _one_on_cpu(u: Tensor) -> bool:
    return u.shape[0] == 1 and u.device.type == "cpu"


def _pixels(u: Tensor) -> Tensor:
    """Return a map 1 × C × H × W as H × W × C."""
    return u.squeeze(0).permute(1, 2, 0).contiguous()


def _image(u: Tensor) -> Tensor:
    """Return H × W × C as a map 1 × C × H × W."""
    return u.permute(2, 0, 1).unsqueeze(0)
