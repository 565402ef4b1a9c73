"""An autoregressive flow of patches without their mean."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.distributions import Transform
from zuko.distributions import DiagNormal
from zuko.flows import Flow, MaskedAutoregressiveTransform, UnconditionalDistribution
from zuko.transforms import ComposedTransform, MonotonicAffineTransform, MonotonicRQSTransform

from priorbench.networks.patch_density import DensityNetwork

CONTRAST = 3.0
"""Standard deviations of a coordinate beyond 1/CONTRAST are seen by their logarithm."""
PATCHES_IN_A_CHUNK = 1 << 11
WIDEST = 30.0
"""Bound on w and on what lies between the transformations, for samples: sinh(30) is 5 · 10¹²."""


class FlowNetwork(DensityNetwork):
    """log p(c) of the principal coordinates c of patches without their mean, d = D − 1.

    w = asinh(3c/s), with s the standard deviations of the coordinates: the contrast of patches
    varies by orders of magnitude. Then masked autoregressive transformations (Papamakarios et al.
    2017, arXiv 1705.07057) lead to a standard normal. Each is, in one coordinate given those before
    it, a shift and a scale, then a monotonic rational-quadratic spline (Durkan et al. 2019, arXiv
    1906.04032).

    Args:
        pixels: D.
        transforms: how many; every second one takes the coordinates in reverse.
        width: units of their hidden layers.
        layers: hidden layers.
        bins: of the splines.
    """

    def __init__(self, pixels: int, transforms: int, width: int, layers: int, bins: int) -> None:
        super().__init__(pixels)
        size = pixels - 1
        forth = torch.arange(size)
        self.flow = Flow(
            [
                MaskedAutoregressiveTransform(
                    size,
                    order=forth.flip(0) if number % 2 else forth,
                    univariate=_conditional,
                    shapes=[(), (), (bins,), (bins,), (bins - 1,)],
                    hidden_features=[width] * layers,
                    activation=nn.SiLU,
                )
                for number in range(transforms)
            ],
            UnconditionalDistribution(DiagNormal, torch.zeros(size), torch.ones(size), buffer=True),
        )

    def log_density(self, coordinates: Tensor) -> Tensor:
        """Return log p(c) in nats, N, of coordinates, N × d."""
        v = CONTRAST * coordinates / self.scale
        slope = math.log(CONTRAST) - self.scale.log() - 0.5 * torch.log1p(v.square())
        found: Tensor = self.flow().log_prob(torch.asinh(v))
        return found + slope.sum(1)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return patches with mean 0 that are drawn from p, N × D."""
        standard = torch.randn(count, len(self.scale), generator=generator).to(self.scale)
        chunks = torch.split(standard, PATCHES_IN_A_CHUNK)
        return torch.cat([self.patches(self.from_normal(chunk)) for chunk in chunks])

    def from_normal(self, standard: Tensor) -> Tensor:
        """Return the coordinates c that standard normal numbers stand for, N × d."""
        found = standard
        for each in reversed(self.flow.transform.transforms):
            transform, target = each(), found
            found = torch.zeros_like(target)
            # Each pass settles one more coordinate. What the others hold meanwhile must not grow
            # until it is infinite: the masks multiply it by 0.
            for _ in range(transform.passes):
                found = transform.meta(found).inv(target).clamp(-WIDEST, WIDEST)
        return torch.sinh(found) * self.scale / CONTRAST

    def fixed(self) -> Mapping[str, Tensor]:
        """Return the tensors that the parameters alone determine, such as masks."""
        learned = {name for name, _ in self.named_parameters()} | {"axes", "scale"}
        return {name: value for name, value in self.state_dict().items() if name not in learned}


def _conditional(*numbers: Tensor) -> Transform:
    """Return the transformation of a coordinate: a shift and a scale, then a spline."""
    shift, scale, *spline = numbers
    affine, monotonic = MonotonicAffineTransform(shift, scale), MonotonicRQSTransform(*spline)
    found: Transform = ComposedTransform(affine, monotonic)
    return found
