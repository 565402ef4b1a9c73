"""What every task is: a way for a clean image to become a problem."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch

from priorbench.operators import LinearOperator
from priorbench.problem import Problem
from priorbench.types import Image, Observation, PixelMask, Resized


class Task(ABC):
    """A way to corrupt an image. Its parameters come to the constructor, σ on the 0–255 scale.

    Attributes:
        border: (rows, columns) cut from each side of the image before it is scored.
        luminance: whether colour images are scored on their luma.
        guided: whether ``observe`` takes a further image, ``guide``; see :class:`.Problem`.
        masked: whether ``observe`` takes a mask.
        blind: whether the problem's σ is estimated from y, so that ``observe`` need not be told it.
    """

    border: tuple[int, int] = (0, 0)
    luminance: bool = False
    guided: bool = False
    masked: bool = False
    blind: bool = False

    @abstractmethod
    def corrupt(self, image: Image, generator: torch.Generator) -> Problem:
        """Return the problem y = Hx + n for the clean ``image``, 1 × C × H × W.

        All randomness comes from ``generator``. The noise is neither clipped nor rounded.

        Raises:
            ValueError: the image doesn't fit the task.
        """

    @abstractmethod
    def observe(self, image: Observation, mask: PixelMask | None = None) -> Problem:
        """Return the problem for an ``image`` that is an observation already.

        Args:
            image: 1 × C × H × W.
            mask: 1 × 1 × H × W, above 0.5 where the pixel is known; only tasks with missing pixels
                take one.

        Raises:
            ValueError: the task can't be done from this alone; the message says what is needed.
        """

    def fit(self, image: Image) -> Resized:
        """Return the part of a clean ``image`` that the task applies to, by default all of it.

        What is cut is cut at the bottom and at the right.
        """
        return image


def shape_of(image: Image) -> tuple[int, int, int]:
    """Return (C, H, W)."""
    return image.shape[1], image.shape[2], image.shape[3]


def add_noise(
    image: Image, operator: LinearOperator, sigma: float, generator: torch.Generator
) -> Problem:
    """Return y = Hx + n with white Gaussian noise where H lets something through.

    Args:
        image: x.
        operator: H.
        sigma: σ on the scale of [0, 1].
        generator: the source of n.
    """
    clean = operator.forward(image)
    # Drawn for all values, so that the noise of a known pixel does not depend on the mask.
    noise = sigma * torch.randn(clean.shape, generator=generator)
    return Problem(clean + operator.restrict(noise), operator, sigma)


def check_finite(image: Image) -> None:
    """Raise ValueError if the image holds NaN or infinite values."""
    if not torch.isfinite(image).all():
        raise ValueError("the image holds NaN or infinite values")


def refuse_mask(mask: PixelMask | None, task: str) -> None:
    """Raise ValueError if there is a mask."""
    if mask is not None:
        raise ValueError(f"{task} takes no mask; use the task inpaint")
