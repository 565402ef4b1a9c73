"""The Haar wavelet-based perceptual similarity index."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import correlate1d
from scipy.special import expit, logit

from priorbench.errors import NotApplicable
from priorbench.metrics.fidelity import checked_pair
from priorbench.metrics.luminance import gray_levels, halved

SMALLEST = 16
"""Pixels along a side: at half the resolution the coarsest wavelet fits."""
STABILITY = 30.0
"""The paper's constant C, for gray levels from 0 to 255."""
STEEPNESS = 4.2
"""The paper's α."""


def haarpsi(restored: np.ndarray, clean: np.ndarray) -> float:
    r"""Return the similarity of Haar coefficients, at most 1, which equal images have.

    Reisenhofer, Bosse, Kutyniok & Wiegand 2018, doi:10.1016/j.image.2017.11.001, for gray levels at
    half the resolution (means of 2 × 2 pixels). With the magnitudes a_j of the Haar coefficients at
    scale j, horizontal and vertical, l(s) = 1 / (1 + e^{−αs}), α = 4.2 and C = 30:

        S = mean over j = 1, 2 of (2 a_j(x̂) a_j(x) + C) / (a_j(x̂)² + a_j(x)² + C),
        W = max(a₃(x̂), a₃(x)),
        HaarPSI = l⁻¹(Σ l(S) W / Σ W)²,   sums over pixels and both orientations.

    Colours are compared by their luminance; beyond its border the image is 0, as in the authors'
    program. Both images are clipped to [0, 1].

    Raises:
        NotApplicable: a side is shorter than 16 pixels.
        ValueError: the shapes differ or a value is NaN.
    """
    restored, clean = checked_pair(restored, clean)
    if min(clean.shape[:2]) < SMALLEST:
        raise NotApplicable(
            f"HaarPSI needs at least {SMALLEST} pixels a side; the image is {clean.shape[:2]}"
        )
    one, two = (halved(gray_levels(image)) for image in (restored, clean))
    similarity = (_similarity(one, two, 1) + _similarity(one, two, 2)) / 2
    weights = np.maximum(haar_magnitudes(one, 3), haar_magnitudes(two, 3))
    total = float(weights.sum())
    if total == 0:  # Both images are black.
        return 1.0
    mean = float((expit(STEEPNESS * similarity) * weights).sum()) / total
    return float((logit(mean) / STEEPNESS) ** 2)


def haar_magnitudes(plane: np.ndarray, scale: int) -> np.ndarray:
    """Return the magnitudes of the Haar coefficients at each pixel, 2 × H × W.

    The filters have 2ʲ × 2ʲ pixels of ±2⁻ʲ at scale j and change their sign in the middle, between
    columns for the first and between rows for the second.
    """
    side = 2**scale
    box = np.ones(side)
    step = np.repeat([-1.0, 1.0], side // 2)
    return np.stack(
        [np.abs(_filtered(_filtered(plane, box, axis), step, 1 - axis)) / side for axis in (0, 1)]
    )


def _filtered(plane: np.ndarray, weights: np.ndarray, axis: int) -> np.ndarray:
    """Return a plane filtered along an axis, 0 beyond its border.

    Of an even number of weights the middle two lie on a pixel and on the next.
    """
    filtered: np.ndarray = correlate1d(plane, weights, axis=axis, mode="constant", origin=-1)
    return filtered


def _similarity(plane: np.ndarray, other: np.ndarray, scale: int) -> np.ndarray:
    one, two = haar_magnitudes(plane, scale), haar_magnitudes(other, scale)
    similarity: np.ndarray = (2 * one * two + STABILITY) / (one**2 + two**2 + STABILITY)
    return similarity
