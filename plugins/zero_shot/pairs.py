"""Two images of half the size from one: what they have in common is the image, not the noise."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.numerics.reflection import reflected

__all__ = ["checkerboard", "extended", "pair"]


def pair(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return D₁y and D₂y: y convolved with [[0, ½], [½, 0]] and with [[½, 0], [0, ½]], stride 2.

    D₁ takes the pixels whose row and column together are odd, D₂ the others: noise that is
    independent from pixel to pixel is independent in the two.
    Mansour & Heckel 2023, arXiv 2303.11253.

    Args:
        image: B × C × H × W with even H and W.

    Raises:
        ValueError: a side is odd.
    """
    height, width = image.shape[-2:]
    if height % 2 or width % 2:
        raise ValueError(
            f"the sides of an image that is paired must be even, not {height}, {width}"
        )
    top, bottom = image[..., 0::2, :], image[..., 1::2, :]
    first = (top[..., 1::2] + bottom[..., 0::2]) / 2
    second = (top[..., 0::2] + bottom[..., 1::2]) / 2
    return first, second


def checkerboard(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the pixels of each colour of a checkerboard, moved together along the rows.

    Pixel j of row i of the first image is y(i, 2j + i mod 2), of the second its neighbour in the
    same pair of columns. Lequyer et al. 2022, doi:10.1038/s42256-022-00547-8.

    Args:
        image: y, B × C × H × W with even W.

    Raises:
        ValueError: W is odd.
    """
    height, width = image.shape[-2:]
    if width % 2:
        raise ValueError(f"the width of an image that is split must be even, not {width}")
    left, right = image[..., 0::2], image[..., 1::2]
    odd = (torch.arange(height, device=image.device) % 2 == 1)[:, None]
    return torch.where(odd, right, left), torch.where(odd, left, right)


def extended(image: Tensor, before: int, after: tuple[int, int]) -> Tensor:
    """Return an image that goes on beyond its border as its mirror image, however far.

    The mirror lies on the last pixel, which is not repeated: so a pixel and its image have rows
    and columns of the same parity, and no pixel gets into both images of a :func:`pair`.

    Args:
        image: B × C × H × W.
        before: rows above and columns left of it.
        after: rows below and columns right of it.
    """
    below, beside = after
    taller = reflected(image, -2, before, below, repeat_edge=False)
    return reflected(taller, -1, before, beside, repeat_edge=False)
