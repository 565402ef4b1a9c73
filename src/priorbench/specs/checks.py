"""Checks of parameters that several priors share."""

from __future__ import annotations

__all__ = ["check_stride"]


def check_stride(stride: int, name: str, side: int) -> None:
    """Check that patches which begin every ``stride`` pixels cover an image.

    Args:
        stride: pixels from one patch to the next.
        name: of the parameter that is the side of a patch.
        side: its value in pixels.

    Raises:
        ValueError: the stride exceeds the side.
    """
    if stride > side:
        raise ValueError(f"stride {stride} leaves pixels out: give at most the {name}, {side}")
