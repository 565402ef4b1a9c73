"""Gradient magnitude similarity deviation."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import prewitt

from priorbench.errors import NotApplicable
from priorbench.metrics.fidelity import checked_pair
from priorbench.metrics.luminance import gray_levels, halved

SMALLEST = 6
"""Pixels along a side: at half the resolution the filter fits."""
STABILITY = 170.0
"""The paper's constant c, for gray levels from 0 to 255."""


def gmsd(restored: np.ndarray, clean: np.ndarray) -> float:
    r"""Return the deviation of the similarities of gradients, 0 for equal images.

    Xue, Zhang, Mou & Bovik 2014, doi:10.1109/TIP.2013.2293423: with m the magnitude of Prewitt's
    gradient of the gray levels at half the resolution (means of 2 × 2 pixels),

        GMS = (2 m(x̂) m(x) + c) / (m(x̂)² + m(x)² + c),   c = 170,

    and the value is its standard deviation over the pixels. Colours are compared by their
    luminance; beyond its border the image is 0, as in the authors' program. Both images are clipped
    to [0, 1]. An equal loss everywhere has no deviation.

    Raises:
        NotApplicable: a side is shorter than 6 pixels.
        ValueError: the shapes differ or a value is NaN.
    """
    restored, clean = checked_pair(restored, clean)
    if min(clean.shape[:2]) < SMALLEST:
        raise NotApplicable(
            f"GMSD needs at least {SMALLEST} pixels a side; the image is {clean.shape[:2]}"
        )
    one, two = (_gradient(halved(gray_levels(image))) for image in (restored, clean))
    similarity = (2 * one * two + STABILITY) / (one**2 + two**2 + STABILITY)
    return float(similarity.std())


def _gradient(plane: np.ndarray) -> np.ndarray:
    """Return the magnitude of Prewitt's gradient."""
    down, across = (prewitt(plane, axis=axis, mode="constant") / 3 for axis in (0, 1))
    magnitude: np.ndarray = np.hypot(down, across)
    return magnitude
