"""How long a diffusion lasts, and in which steps."""

from __future__ import annotations

import math

STABLE_STEP = 0.25
"""Longest explicit step of a diffusion on pixels, conductivity at most 1, that raises no norm: 2
over the norm 8 of the discrete Laplacian."""


def steps_of(time: float) -> list[float]:
    """Return equal steps that sum to a time, none longer than is stable.

    In that time a diffusion of conductivity 1 is a Gaussian filter of √(2 · time) pixels.

    Args:
        time: in pixels².
    """
    count = max(1, math.ceil(time / STABLE_STEP))
    return [time / count] * count
