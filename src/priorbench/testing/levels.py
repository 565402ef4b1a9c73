"""Errors in words."""

from __future__ import annotations

import math


def decibels(mean_squared_error: float) -> str:
    """Return the PSNR, for a peak of 1, in words."""
    if not math.isfinite(mean_squared_error):
        return "no PSNR"
    return f"{-10 * math.log10(max(mean_squared_error, 1e-12)):.2f} dB"
