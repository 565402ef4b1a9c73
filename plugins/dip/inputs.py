"""z, what the network turns into an image, and the noise that is added to it."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.problem import Problem

from .parameters import DIPParameters
from .task_defaults import TaskDefaults

AMPLITUDE = 0.1
"""z of noise is uniform from 0 to it."""

POOL = 1 << 22
"""Numbers in the pool that the perturbation is taken from."""

Draw = Callable[[tuple[int, int], torch.Generator], Tensor]


def network_input(
    parameters: DIPParameters, defaults: TaskDefaults, problem: Problem
) -> tuple[int, Draw]:
    """Return how many channels z has, and what draws one of a size (height, width).

    It is the observation for Stein's unbiased risk estimate, else the problem's guide, else noise
    or coordinates.
    """
    picture = problem.y if parameters.sure else problem.guide
    if picture is not None:
        return picture.shape[1], lambda size, generator: _extended(picture, size)
    if defaults.input == "grid":
        return 2, lambda size, generator: _grid(size)
    channels = parameters.input_channels
    return (
        channels,
        lambda size, generator: AMPLITUDE * torch.rand(1, channels, *size, generator=generator),
    )


def _grid(size: tuple[int, int]) -> Tensor:
    """Return the coordinates of each pixel, from 0 to 1."""
    rows, columns = (torch.linspace(0, 1, length) for length in size)
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"))[None]


def _extended(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """Return a picture padded to the size with its border, or shrunk if the size is smaller."""
    height, width = picture.shape[2:]
    if size[0] < height or size[1] < width:
        return F.interpolate(picture, size=size, mode="bilinear", antialias=True)
    return F.pad(picture, (0, size[1] - width, 0, size[0] - height), mode="replicate")


class Perturbation:
    """Gaussian noise, drawn once and read from a random place of the pool each time.

    Drawing it in each iteration would take as long as the rest of the iteration.

    Args:
        shape: of what is perturbed.
        deviation: standard deviation.
        generator: draws the pool and the places.
        device: where the pool lies.
    """

    def __init__(
        self, shape: torch.Size, deviation: float, generator: torch.Generator, device: torch.device
    ) -> None:
        self.deviation, self.generator = deviation, generator
        self.count = math.prod(shape)
        size = max(POOL, 2 * self.count) if deviation else 0
        self.pool = (deviation * torch.randn(size, generator=generator)).to(device)

    def added_to(self, z: Tensor, factor: float) -> Tensor:
        """Return z with ``factor`` times the next noise."""
        if not self.deviation:
            return z
        last = len(self.pool) - self.count
        start = int(torch.randint(last + 1, (), generator=self.generator))
        noise = self.pool[start : start + self.count]
        # z lies in memory pixel after pixel (channels last), and so does the noise.
        noise = noise.view(z.shape[0], *z.shape[2:], z.shape[1]).permute(0, 3, 1, 2)
        return torch.add(z, noise, alpha=factor)
