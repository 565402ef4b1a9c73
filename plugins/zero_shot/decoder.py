"""The deep decoder: an image of few weights, without a convolution that sees more than a pixel."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from priorbench.networks.data_term import DataTerm, data_consistent
from priorbench.networks.layers import Doubling, Layer, Norm, Style
from priorbench.networks.weights import initialised
from priorbench.priors import Context, Prior, Restoration
from priorbench.problem import Problem
from priorbench.types import Image

from .fit import Fit, Steps
from .parameters import DeepDecoderParameters

__all__ = ["Decoder", "DeepDecoder", "channels_for"]

FEWEST, MOST = 4, 512
"""Channels that are chosen at least and at most."""


class Decoder(nn.Module):
    """B ↦ sigmoid(W B_d + w), where B_i+1 = norm(relu(double(W_i B_i))), the last one not doubled.

    Interpolation and the sum over channels commute, so the products are taken of the small map.

    Args:
        channels: of all maps.
        planes: of the image.
        doublings: how often a map is doubled; d is one more.
    """

    def __init__(self, channels: int, planes: int, doublings: int) -> None:
        super().__init__()
        style = Style(kernel=1)
        self.layers = nn.ModuleList(
            Layer(channels, channels, style, norm=False) for _ in range(doublings + 1)
        )
        self.norms = nn.ModuleList(Norm(channels, "none") for _ in range(doublings + 1))
        self.doubling = Doubling("bilinear")
        self.last = Layer(channels, planes, style, norm=False, bias=True)

    def forward(self, b: Tensor) -> Tensor:
        """Return the image on [0, 1], 2^doublings times as large as the map."""
        for index, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            mixed = layer(b)
            large = self.doubling(mixed) if index + 1 < len(self.layers) else mixed
            b = norm(F.relu(large))
        image: Tensor = self.last(b).sigmoid()
        return image


def weights_of(channels: int, planes: int, doublings: int) -> int:
    """Return how many weights a :class:`Decoder` has."""
    return (doublings + 1) * (channels**2 + 2 * channels) + planes * (channels + 1)


def channels_for(weights: float, planes: int, doublings: int) -> int:
    """Return the most channels with which a :class:`Decoder` has no more weights than these.

    It is never less than :data:`FEWEST`, nor more than :data:`MOST`.
    """
    channels = FEWEST
    while channels < MOST and weights_of(channels + 1, planes, doublings) <= weights:
        channels += 1
    return channels


class DeepDecoder(Prior):
    """Heckel & Hand 2019, arXiv 1810.03982: min over θ of ‖H f_θ(B) - y‖² with few weights θ.

    Args:
        **parameters: those of :class:`DeepDecoderParameters`.
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = DeepDecoderParameters(**parameters)

    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return the decoder's image after the last step, in agreement with the observation.

        Raises:
            Diverged: the fit broke down again and again.
        """
        p = self.parameters
        planes, height, width = problem.image_shape
        data_term = DataTerm(problem)
        channels = p.channels or channels_for(data_term.count / p.compression, planes, p.doublings)
        seed = int(torch.randint(2**62, (), generator=context.generator))
        network = initialised(lambda: Decoder(channels, planes, p.doublings), seed)
        network = network.to(problem.y.device)
        factor = 2**p.doublings
        size = (math.ceil(height / factor), math.ceil(width / factor))
        drawn = torch.rand(1, channels, *size, generator=context.generator)
        b = drawn.to(problem.y.device, memory_format=torch.channels_last)

        def image() -> Image:
            output: Tensor = network(b)
            return output[..., :height, :width]

        def loss(iteration: int) -> tuple[Tensor, float]:
            term, error = data_term(image())
            return term, float(error)

        steps = Steps(p.iterations, p.optimiser, p.learning_rate, p.final_rate, growing=True)
        fit = Fit(network, loss, steps, context.generator)
        timed_out = fit.run(context)
        with torch.no_grad():
            restored = data_consistent(image().contiguous(), problem)
        return Restoration(restored, fit.trace, timed_out=timed_out, n_parameters=fit.n_parameters)
