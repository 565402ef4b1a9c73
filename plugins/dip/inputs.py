"""z: what the network turns into an image."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.problem import Problem

from .parameters import DIPParameters
from .recipe import Recipe

AMPLITUDE = 0.1

Draw = Callable[[tuple[int, int], torch.Generator], Tensor]


def network_input(parameters: DIPParameters, recipe: Recipe, problem: Problem) -> tuple[int, Draw]:
    """Return how many channels z has, and what draws one of a size (height, width).

    The observation for Stein's unbiased risk estimate, else the problem's guide, else noise or coordinates.
    """
    picture = problem.y if parameters.sure else problem.guide
    if picture is not None:
        return picture.shape[1], lambda size, generator: _extended(picture, size)
    if recipe.input == "grid":
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
    """Return a picture with its last row and column repeated up to the size, or shrunk to it if that is smaller."""
    height, width = picture.shape[2:]
    if size[0] < height or size[1] < width:
        return F.interpolate(picture, size=size, mode="bilinear", antialias=True)
    return F.pad(picture, (0, size[1] - width, 0, size[0] - height), mode="replicate")
