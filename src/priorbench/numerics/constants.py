"""Constants of imaging that several computations share."""

from __future__ import annotations

__all__ = ["LUMA_WEIGHTS", "NOISE_FLOOR", "QUANTISATION_VARIANCE"]

LUMA_WEIGHTS = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in the luma of ITU-R BT.601."""

NOISE_FLOOR = 1e-3
"""Least standard deviation of the noise, on [0, 1], that a data term divides by.

It stands for σ = 0: Zoran & Weiss give known pixels the weight λ = 10⁶ = 1 / NOISE_FLOOR².
"""

QUANTISATION_VARIANCE = (1 / 255) ** 2 / 12
"""Variance, on [0, 1], of the rounding error of 8-bit images: uniform over one of 255 steps."""
