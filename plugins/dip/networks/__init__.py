"""The networks, each a module from z to an image on [0, 1]."""

from __future__ import annotations

import torch

from ..layers import Style, smallest_map
from ..parameters import DIPParameters
from ..recipe import Recipe
from .deep_decoder import DeepDecoder
from .dense import Dense
from .hourglass import Hourglass
from .residual import Residual
from .unet import UNet

__all__ = ["DeepDecoder", "Dense", "Hourglass", "Residual", "UNet", "build", "least_size"]


Network = DeepDecoder | Dense | Hourglass | Residual | UNet


def least_size(parameters: DIPParameters) -> int:
    """Return the least side of an image that the network is for, in pixels.

    With halvings it is that which leaves a map of the least size that its convolutions can pad. A larger image is
    extended to what the halvings need, by less than its own size.
    """
    smallest = smallest_map(parameters.kernel, parameters.padding)
    if parameters.network in ("hourglass", "unet"):
        return int(smallest * 2 ** (parameters.scales - 1))
    if parameters.network == "deep-decoder":
        return int(2**parameters.scales)
    # Fully connected layers pad nothing.
    return smallest if parameters.network == "resnet" else 2


def build(
    parameters: DIPParameters,
    recipe: Recipe,
    inputs: int,
    outputs: int,
    size: tuple[int, int],
    products: torch.dtype | None = None,
) -> Network:
    """Return the network that the parameters ask for, with fresh weights from torch's own generator.

    Args:
        parameters: of the prior.
        recipe: what the class of the task decides.
        inputs: channels of z.
        outputs: channels of the image.
        size: its height and width.
        products: the type that convolutions multiply in.
    """
    p, scales = parameters, parameters.scales
    style = Style(p.kernel, p.activation, p.padding, p.down, recipe.up, products)
    if p.network == "hourglass":
        return Hourglass(inputs, outputs, [p.channels] * scales, [recipe.skip] * scales, style)
    if p.network == "unet":
        return UNet(
            inputs, outputs, [p.channels * min(2**scale, 8) for scale in range(scales)], style
        )
    if p.network == "resnet":
        return Residual(inputs, outputs, p.channels, scales, style)
    if p.network == "dense":
        return Dense(inputs, outputs, size, p.channels, scales, style)
    return DeepDecoder(inputs, outputs, p.channels, scales, style)
