"""Zero-Shot Noise2Noise: a small network learns the noise from two halves of the noisy image."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from priorbench.networks.weights import initialised
from priorbench.priors import Context, Prior, Restoration
from priorbench.problem import Problem

from .denoising import applied, in_all_turns, require_denoising, without_border
from .pairs import pair
from .parameters import Noise2NoiseParameters
from .parts import fit_to_parts

__all__ = ["NoiseNetwork", "ZeroShotNoise2Noise", "denoised", "pair_loss"]

RADIUS = 2
"""How far, in pixels, the network sees: two kernels of 3 × 3."""

SLOPE = 0.2
"""Of the leaky ReLU for negative numbers."""


class NoiseNetwork(nn.Sequential):
    """Noise of each pixel whose surroundings are known: two layers of 3 × 3 and one of 1 × 1.

    Args:
        planes: C of the image.
        channels: of the hidden layers.
    """

    def __init__(self, planes: int, channels: int) -> None:
        super().__init__(
            nn.Conv2d(planes, channels, 3),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(channels, channels, 3),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(channels, planes, 1),
        )


class ZeroShotNoise2Noise(Prior):
    """Mansour & Heckel 2023, arXiv 2303.11253: x = y - f(y), f fitted to two halves of y.

    Args:
        **parameters: those of :class:`Noise2NoiseParameters`.
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = Noise2NoiseParameters(**parameters)

    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return the observation without the noise that the network finds in it.

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
        network = initialised(lambda: NoiseNetwork(y.shape[1], p.channels), seed)
        network = network.to(y.device)
        loss = partial(pair_loss, network)
        fit, timed_out = fit_to_parts(network, y, loss, RADIUS, p, context)
        whole = in_all_turns if p.turns else applied
        image = whole(partial(denoised, network), y, RADIUS)
        return Restoration(image, fit.trace, timed_out=timed_out, n_parameters=fit.n_parameters)


def denoised(network: nn.Module, image: Tensor) -> Tensor:
    """Return y - f(y) where the surroundings are known: without a border of :data:`RADIUS`."""
    noise: Tensor = network(image.contiguous(memory_format=torch.channels_last))
    return without_border(image, RADIUS) - noise


def pair_loss(network: nn.Module, image: Tensor) -> Tensor:
    """Return the loss of a noisy image: what each half says of the other, and consistency.

        ½ Σ_{i≠j} ‖D_i y - f(D_i y) - D_j y‖² + ½ Σ_i ‖D_i y - f(D_i y) - D_i(y - f(y))‖²

    as means over the pixels whose surroundings are known.

    Args:
        network: f.
        image: y, B × C × H × W with even H and W of at least 4 :data:`RADIUS` + 2.
    """
    first, second = pair(image)
    estimates = denoised(network, torch.cat([first, second]))
    residual = F.mse_loss(estimates, without_border(torch.cat([second, first]), RADIUS))
    # The network cuts half as much of a small image from the large one.
    halves = torch.cat(pair(denoised(network, image)))
    return residual + F.mse_loss(estimates, without_border(halves, RADIUS // 2))
