"""What networks share that learn to denoise from parts of the one noisy image."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from priorbench import NotApplicable
from priorbench.operators import Identity, Mask
from priorbench.problem import Problem
from priorbench.types import Image

from .pairs import extended

__all__ = [
    "Estimate",
    "applied",
    "crops_of",
    "in_all_turns",
    "require_denoising",
    "turned",
    "turned_back",
    "without_border",
]

BAND = 1 << 16
"""Pixels that the network sees at once when it denoises the whole image, to spare memory."""

Estimate = Callable[[Tensor], Tensor]
"""From noisy images to estimates, without a border as wide as the network sees."""


def require_denoising(problem: Problem, *, missing: bool = False) -> None:
    """Check that y is x with noise alone, and has neighbours.

    Args:
        problem: what is to be restored.
        missing: whether pixels of y may be missing.

    Raises:
        NotApplicable: something else was done to the image.
        ValueError: the image has a side of one pixel.
    """
    operator = problem.linear_operator
    if not isinstance(operator, (Identity, Mask) if missing else Identity):
        what = problem.corruption if operator is None else f"the operator {operator.name!r}"
        raise NotApplicable(
            "needs an image whose only corruption is noise that is independent from pixel to "
            f"pixel{' or pixels that are missing' if missing else ''}, and this one has "
            f"{what or 'another one'}"
        )
    height, width = problem.y.shape[-2:]
    if min(height, width) < 2:
        raise ValueError(
            f"the image is {height} × {width}, and pairs of neighbours need 2 × 2 pixels at least"
        )


def crops_of(
    image: Tensor, count: int, side: int | None, iteration: int, generator: torch.Generator
) -> Tensor:
    """Return parts of an image at random places, in one of the eight rotations and reflections.

    Args:
        image: 1 × C × H × W, H and W even.
        count: how many.
        side: most pixels of a side; None gives the image as it is.
        iteration: its number decides the rotation and the reflection.
        generator: draws the places, also odd ones: another set of pairs.
    """
    if side is None:
        return image
    height, width = (min(length - 2, side - side % 2) for length in image.shape[-2:])
    tops, lefts = (
        torch.randint(whole - cut + 1, (count,), generator=generator).tolist()
        for whole, cut in zip(image.shape[-2:], (height, width), strict=True)
    )
    parts = torch.cat(
        [
            image[..., top : top + height, left : left + width]
            for top, left in zip(tops, lefts, strict=True)
        ]
    )
    return turned(parts, iteration)


def turned(image: Tensor, number: int) -> Tensor:
    """Return an image in one of its eight rotations and reflections, ``number`` modulo 8."""
    if number & 1:
        image = image.flip(-1)
    if number & 2:
        image = image.flip(-2)
    return image.mT if number & 4 else image


def turned_back(image: Tensor, number: int) -> Tensor:
    """Return the image that :func:`turned` was given."""
    if number & 4:
        image = image.mT
    if number & 2:
        image = image.flip(-2)
    return image.flip(-1) if number & 1 else image


@torch.no_grad()
def applied(estimate: Estimate, image: Image, reach: int) -> Image:
    """Return the estimate of a whole image, in bands of rows; it goes on as its mirror image.

    Args:
        estimate: cuts off a border of ``reach`` pixels.
        image: noisy, 1 × C × H × W.
        reach: how far the network sees, in pixels.
    """
    seen = extended(image, reach, (reach, reach))
    height, width = image.shape[-2:]
    rows = max(1, BAND // width)
    return torch.cat(
        [
            estimate(seen[..., top : min(top + rows, height) + 2 * reach, :])
            for top in range(0, height, rows)
        ],
        dim=-2,
    )


def in_all_turns(estimate: Estimate, image: Image, reach: int) -> Image:
    """Return the mean of what :func:`applied` gives for the eight rotations and reflections."""
    total = torch.zeros_like(image)
    for number in range(8):
        total += turned_back(applied(estimate, turned(image, number), reach), number)
    return total / 8


def without_border(image: Tensor, width: int) -> Tensor:
    """Return an image without ``width`` pixels on each side."""
    return image[..., width:-width, width:-width]
