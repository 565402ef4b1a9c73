"""The tasks: how a clean image becomes a problem."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch

from priorbench.operators import Identity, LinearOperator, Mask
from priorbench.problem import Problem
from priorbench.types import Image, Observation


class Task(ABC):
    """A way to corrupt an image. Its parameters come to the constructor, σ on the 0–255 scale."""

    @abstractmethod
    def corrupt(self, image: Image, generator: torch.Generator) -> Problem:
        """Return the problem y = Hx + n for the clean ``image``, 1 × C × H × W.

        All randomness comes from ``generator``. The noise is neither clipped nor rounded.
        """

    @abstractmethod
    def observe(self, image: Observation, mask: Image | None = None) -> Problem:
        """Return the problem for an ``image`` that is an observation already.

        Args:
            image: 1 × C × H × W.
            mask: 1 × 1 × H × W, above 0.5 where the pixel is known; only tasks with missing pixels take one.

        Raises:
            ValueError: the task can't be done from this alone; the message says what is needed.
        """


class Denoise(Task):
    """White Gaussian noise: y = x + n.

    Args:
        sigma: standard deviation of the noise on the 0–255 scale.
    """

    def __init__(self, sigma: float) -> None:
        self.sigma = sigma / 255

    def corrupt(self, image: Image, generator: torch.Generator) -> Problem:
        """Return y = x + n."""
        return _observe(image, Identity(_shape(image)), self.sigma, generator)

    def observe(self, image: Observation, mask: Image | None = None) -> Problem:
        """Return the noisy image as a problem."""
        if mask is not None:
            raise ValueError("denoise takes no mask; use the task inpaint")
        return Problem(image, Identity(_shape(image)), self.sigma)


class Inpaint(Task):
    """Random missing pixels, the same in all channels: y = m ⊙ (x + n).

    Args:
        missing: percentage of pixels that are missing, exactly, rounded to whole pixels.
        sigma: standard deviation of the noise on the known pixels, on the 0–255 scale.
    """

    def __init__(self, missing: float, sigma: float) -> None:
        self.missing = missing / 100
        self.sigma = sigma / 255

    def corrupt(self, image: Image, generator: torch.Generator) -> Problem:
        """Return y = m ⊙ (x + n)."""
        channels, height, width = _shape(image)
        order = torch.randperm(height * width, generator=generator)
        known = torch.ones(height * width, dtype=torch.bool)
        known[order[: round(self.missing * height * width)]] = False
        operator = Mask(known.reshape(1, height, width).repeat(channels, 1, 1))
        return _observe(image, operator, self.sigma, generator)

    def observe(self, image: Observation, mask: Image | None = None) -> Problem:
        """Return the image with the pixels outside ``mask`` missing."""
        if mask is None:
            raise ValueError("an observed image needs a mask that is white where the pixels are known")
        if mask.shape[-2:] != image.shape[-2:]:
            raise ValueError(f"the mask is {tuple(mask.shape[-2:])} but the image {tuple(image.shape[-2:])}")
        operator = Mask((mask[0, :1] > 0.5).repeat(image.shape[1], 1, 1))
        return Problem(operator.forward(image), operator, self.sigma)


def _shape(image: Image) -> tuple[int, int, int]:
    return image.shape[1], image.shape[2], image.shape[3]


def _observe(image: Image, operator: LinearOperator, sigma: float, generator: torch.Generator) -> Problem:
    """Return y = Hx + n, with noise on what the operator lets through only."""
    clean = operator.forward(image)
    noise = sigma * torch.randn(clean.shape, generator=generator)
    if isinstance(operator, Mask):
        noise = operator.forward(noise)
    return Problem(clean + noise, operator, sigma)
