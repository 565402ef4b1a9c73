"""Natural pre-images: minimisers of ‖Φ(x) - Φ(x₀)‖² over pixels and over a network's weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from plugins.dip.inputs import AMPLITUDE
from plugins.dip.losses import total_variation
from plugins.dip.network import Hourglass
from priorbench.data.tensors import to_array
from priorbench.metrics.fidelity import psnr, ssim
from priorbench.networks.fused import fuse
from priorbench.numerics.threads import workers
from priorbench.types import Image

from .features import Feature

METHODS = ("no prior", "total variation", "Deep Image Prior")
NONE, VARIATION, DEEP = METHODS
QUANTITIES = ("relative feature error", "PSNR (dB)", "structural similarity")
ERROR, PSNR, SSIM = QUANTITIES
SPREAD = 0.05
"""Standard deviation of the noise around middle gray that the pixels begin with."""

Error = Callable[[Image], Tensor]
Search = tuple[str, float, int]
"""The method, the weight of the total variation, and the number of the start."""


@dataclass(frozen=True)
class Settings:
    """How long and with what images are looked for.

    Args:
        side: of the centre of the photograph, at most.
        starts: from different random numbers, for each method.
        pixel_iterations: of Adam on pixels.
        network_iterations: of Adam on weights.
        learning_rate: of both.
        weights: of the total variation, each tried.
        channels: of the hourglass at each scale.
        scales: how often it halves its maps.
        skip: channels across at each scale.
        inputs: channels of z.
        fused: whether its layers are those of :mod:`priorbench.networks.fused`, which are faster
            from 128 × 128 pixels on, and slower for images of 64 × 64.
    """

    side: int = 128
    starts: int = 2
    pixel_iterations: int = 600
    network_iterations: int = 500
    learning_rate: float = 0.01
    weights: tuple[float, ...] = (0.1, 1.0, 3.0)
    channels: int = 32
    scales: int = 5
    skip: int = 4
    inputs: int = 32
    fused: bool = True


@dataclass(frozen=True)
class PreImage:
    """What a method found.

    Args:
        image: H × W × 1, with the photograph's mean and standard deviation, and not its negative.
        values: of each quantity.
    """

    image: np.ndarray
    values: Mapping[str, float]


def pre_images(feature: Feature, photograph: Image, settings: Settings) -> dict[Search, PreImage]:
    """Return what each search finds from Φ(x₀).

    Args:
        feature: Φ.
        photograph: x₀, 1 × 1 × H × W.
        settings: how.
    """
    target = feature(photograph)

    def error(x: Image) -> Tensor:
        return (feature(x) - target).square().sum() / target.square().sum()

    found = minimisers(error, photograph.shape, settings)
    return {key: compared(image, photograph, error) for key, image in found.items()}


def minimisers(error: Error, shape: Sequence[int], settings: Settings) -> dict[Search, Image]:
    """Return the image that each search ends at.

    Args:
        error: of an image.
        shape: of the image, 1 × C × H × W.
        settings: how.
    """
    over = [(NONE, 0.0), *((VARIATION, weight) for weight in settings.weights)]
    found = {}
    for start in range(settings.starts):
        for method, weight in over:
            found[method, weight, start] = over_pixels(error, shape, weight, settings, start)
        found[DEEP, 0.0, start] = over_weights(error, shape, settings, start)
    return found


def over_pixels(
    error: Error, shape: Sequence[int], weight: float, settings: Settings, seed: int
) -> Image:
    """Return the minimiser of error(x) + w TV(x) over pixels on [0, 1].

    Args:
        error: of an image.
        shape: of the image, 1 × C × H × W.
        weight: w.
        settings: how.
        seed: of the noise that x begins with.
    """
    noise = torch.randn(tuple(shape), generator=torch.Generator().manual_seed(seed))
    x = (0.5 + SPREAD * noise).requires_grad_()
    optimiser = torch.optim.Adam([x], lr=settings.learning_rate)
    for _ in range(settings.pixel_iterations):
        optimiser.zero_grad()
        loss = error(x) + weight * total_variation(x) if weight else error(x)
        torch.autograd.backward(loss)
        optimiser.step()
        with torch.no_grad():
            x.clamp_(0, 1)
    return x.detach()


def over_weights(error: Error, shape: Sequence[int], settings: Settings, seed: int) -> Image:
    """Return f_θ(z) for the weights θ that minimise error(f_θ(z)); z is uniform noise.

    Args:
        error: of an image.
        shape: of the image, 1 × C × H × W.
        settings: how.
        seed: of z and of the weights that θ begins with.
    """
    _, channels, height, width = shape
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        widths, skips = [settings.channels] * settings.scales, [settings.skip] * settings.scales
        network = Hourglass(settings.inputs, channels, widths, skips)
        z = AMPLITUDE * torch.rand(1, settings.inputs, *network.input_size(height, width))
    if settings.fused:
        network = fuse(network)
    z = z.contiguous(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    with workers(torch.get_num_threads()):
        for _ in range(settings.network_iterations):
            optimiser.zero_grad()
            loss = error(network(z)[:, :, :height, :width])
            torch.autograd.backward(loss)
            optimiser.step()
        with torch.no_grad():
            image: Image = network(z)[:, :, :height, :width]
    return image


def compared(image: Image, photograph: Image, error: Error) -> PreImage:
    """Return an image with its distance from the photograph, for any brightness and contrast.

    The PSNR is that of a x + b with the a and b of the least squared error. Where x has little to
    do with x₀, that is flat, and so more alike to flat parts of x₀ than they deserve: the
    structural similarity is that of ±a' x + b' with the mean and the standard deviation of x₀ and
    the sign of a.

    Args:
        image: x, 1 × 1 × H × W.
        photograph: x₀, 1 × 1 × H × W.
        error: ‖Φ(x) - Φ(x₀)‖² / ‖Φ(x₀)‖².
    """
    x, clean = to_array(image).astype(np.float64), to_array(photograph).astype(np.float64)
    centred = x - x.mean()
    deviation = max(float(centred.std()), float(np.finfo(np.float32).tiny))
    # Least squares for a; b makes the means agree.
    slope = float(np.mean(centred * clean)) / deviation**2
    fitted = clean.mean() + slope * centred
    alike = clean.mean() + np.copysign(float(clean.std()) / deviation, slope) * centred
    values = float(error(image).sqrt()), psnr(fitted, clean), ssim(alike, clean)
    return PreImage(alike, dict(zip(QUANTITIES, values, strict=True)))
