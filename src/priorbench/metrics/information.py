"""Visual information fidelity."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import correlate1d

from priorbench.errors import NotApplicable
from priorbench.metrics.fidelity import checked_pair
from priorbench.metrics.luminance import gray_levels

WINDOWS = (17, 9, 5, 3)
"""Pixels along a side of the Gaussian window at each scale; its σ is a fifth of this."""
SMALLEST = 41
"""Pixels along a side: the window of the coarsest scale fits."""
EYE = 2.0
"""Variance of the eye's noise, for gray levels from 0 to 255."""
LEAST = 1e-10
"""The least variance that is divided by."""


def vif(restored: np.ndarray, clean: np.ndarray) -> float:
    """Return the visual information fidelity in the pixel domain, 1 for equal images.

    Sheikh & Bovik 2006, doi:10.1109/TIP.2005.859378, in the authors' simpler form (VIFp): in each
    window at four scales the restoration is modelled as g x + v with v of variance s², and with
    c² the variance of the clean x,

        VIF = Σ log(1 + g² c² / (s² + 2)) / Σ log(1 + c² / 2),

    the information about x that passes through the restoration and the eye's noise of variance 2,
    as a share of what passes through this noise alone. Colours are compared by their luminance.
    Both images are clipped to [0, 1]. An image of higher contrast than the clean one has more
    than 1.

    Raises:
        NotApplicable: a side is shorter than 41 pixels, or the clean image is flat.
        ValueError: the shapes differ or a value is NaN.
    """
    restored, clean = checked_pair(restored, clean)
    if min(clean.shape[:2]) < SMALLEST:
        raise NotApplicable(
            f"VIF needs at least {SMALLEST} pixels a side; the image is {clean.shape[:2]}"
        )
    found, wanted = (gray_levels(image) for image in (restored, clean))
    if wanted.max() == wanted.min():
        raise NotApplicable("the clean image is flat: there is no information to keep")
    kept = whole = 0.0
    for scale, side in enumerate(WINDOWS):
        if scale > 0:
            found, wanted = (averaged(plane, side)[::2, ::2] for plane in (found, wanted))
        parts = _information(found, wanted, side)
        kept, whole = kept + parts[0], whole + parts[1]
    return kept / whole


def averaged(plane: np.ndarray, side: int) -> np.ndarray:
    """Return weighted means over the windows that lie inside a plane."""
    offsets = np.arange(side) - side // 2
    window = np.exp(-(offsets**2) / (2 * (side / 5) ** 2))
    for axis in (0, 1):
        plane = correlate1d(plane, window / window.sum(), axis=axis)
    inside = slice(side // 2, -(side // 2))
    return plane[inside, inside]


def _information(found: np.ndarray, wanted: np.ndarray, side: int) -> tuple[float, float]:
    """Return the information about ``wanted`` in ``found`` and in itself, for one scale."""
    means = averaged(found, side), averaged(wanted, side)
    found_variance, wanted_variance = (
        (averaged(plane**2, side) - mean**2).clip(min=0)
        for plane, mean in zip((found, wanted), means, strict=True)
    )
    covariance = averaged(found * wanted, side) - means[0] * means[1]
    # What is the negative of the clean image holds no information, in this model.
    gain = (covariance / (wanted_variance + LEAST)).clip(min=0)
    rest = (found_variance - gain * covariance).clip(min=LEAST)
    kept = np.log(1 + gain**2 * wanted_variance / (rest + EYE)).sum()
    return float(kept), float(np.log(1 + wanted_variance / EYE).sum())
