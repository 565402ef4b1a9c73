"""Noise2Fast: a network learns to tell a pixel from its neighbours, on the noisy image itself."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from priorbench.networks.weights import initialised
from priorbench.priors import Context, Prior, Restoration
from priorbench.problem import Problem

from .denoising import in_all_turns, require_denoising, without_border
from .pairs import checkerboard
from .parameters import Noise2FastParameters
from .parts import fit_to_parts

__all__ = ["Noise2Fast", "Predictor", "checkerboard_loss"]


class Predictor(nn.Module):
    """Layers of 3 × 3 with ReLUs, and one of 1 × 1.

    Args:
        planes: C of the image.
        channels: of the hidden layers.
        layers: of 3 × 3.

    Attributes:
        reach: how far, in pixels, it sees.
    """

    def __init__(self, planes: int, channels: int, layers: int) -> None:
        super().__init__()
        widths = [planes] + [channels] * layers
        self.hidden = nn.ModuleList(nn.Conv2d(a, b, 3) for a, b in pairwise(widths))
        self.last = nn.Conv2d(channels, planes, 1)
        self.reach = layers

    def forward(self, image: Tensor) -> Tensor:
        """Return the estimate, without a border of :attr:`reach`."""
        x = image.contiguous(memory_format=torch.channels_last)
        for layer in self.hidden:
            x = F.relu(layer(x))
        estimate: Tensor = self.last(x)
        return estimate


class Noise2Fast(Prior):
    """Lequyer et al. 2022, doi:10.1038/s42256-022-00547-8: x = f(y), f fitted to halves of y.

    Args:
        **parameters: those of :class:`Noise2FastParameters`.
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = Noise2FastParameters(**parameters)

    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return what the network makes of the whole observation.

        Raises:
            NotApplicable: the problem is another one than denoising.
            ValueError: the image has a side of one pixel, which has no neighbour to learn from.
            Diverged: the loss is NaN or infinite again and again.
        """
        require_denoising(problem)
        if problem.is_determined:
            return Restoration(problem.y.clone())
        p = self.parameters
        y = problem.y
        seed = int(torch.randint(2**62, (), generator=context.generator))
        network = initialised(lambda: Predictor(y.shape[1], p.channels, p.layers), seed)
        network = network.to(y.device)
        loss = partial(checkerboard_loss, network)
        fit, timed_out = fit_to_parts(network, y, loss, network.reach, p, context)
        image = in_all_turns(network, y, network.reach)
        return Restoration(image, fit.trace, timed_out=timed_out, n_parameters=fit.n_parameters)


def checkerboard_loss(network: Predictor, image: Tensor) -> Tensor:
    """Return ½ ‖f(C₁y) - C₂y‖² + ½ ‖f(C₂y) - C₁y‖², as means over the pixels that f estimates.

    C₁y and C₂y are those of :func:`.checkerboard`: their noise is independent.

    Args:
        network: f.
        image: y, B × C × H × W with even W.
    """
    first, second = checkerboard(image)
    targets = without_border(torch.cat([second, first]), network.reach)
    return F.mse_loss(network(torch.cat([first, second])), targets)
