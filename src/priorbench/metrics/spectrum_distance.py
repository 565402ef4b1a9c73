"""How far the power spectrum of a restoration is from that of the clean image."""

from __future__ import annotations

import numpy as np
import torch

from priorbench.errors import NotApplicable
from priorbench.metrics.fidelity import checked_pair
from priorbench.numerics.constants import QUANTISATION_VARIANCE
from priorbench.numerics.rings import sum_in_rings

EDGES = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Between them lie the octaves of frequency, in cycles per pixel."""
SMALLEST = 64
"""Pixels along a side of an image: of the lowest octave's waves it holds two at least."""


def spectrum_distance(restored: np.ndarray, clean: np.ndarray) -> float:
    r"""Return the root mean square, over four octaves, of the power that is lost or added, in dB.

    P_o is the power, averaged over directions and over the octave o of frequency (from 1/32 to 1/2
    cycles per pixel), of the image without its mean under a Hann window, or that of white noise as
    strong as rounding to 8 bits where this is more:

        √(mean over o of (10 log₁₀ P_o(x̂) / P_o(x))²).

    It is computed for each channel and averaged. A filter with the gain g dB in each octave has
    |g|. Phases do not matter. Both images are clipped to [0, 1]. Spectra of photographs: Field
    1987, doi:10.1364/JOSAA.4.002379.

    Raises:
        NotApplicable: a side is shorter than 64 pixels.
        ValueError: the shapes differ or a value is NaN.
    """
    restored, clean = checked_pair(restored, clean)
    if min(clean.shape[:2]) < SMALLEST:
        raise NotApplicable(
            f"the spectrum needs at least {SMALLEST} pixels a side; the image is {clean.shape[:2]}"
        )
    gains = 10 * (octave_power(restored) / octave_power(clean)).log10()
    return float(gains.square().mean(1).sqrt().mean())


def octave_power(image: np.ndarray) -> torch.Tensor:
    """Return the power of an image, H × W × C, in each octave, C × 4, up to a common factor."""
    planes = torch.from_numpy(image).permute(2, 0, 1)
    height, width = planes.shape[1:]
    window = torch.outer(
        *(torch.hann_window(side, dtype=torch.float64) for side in (height, width))
    )
    windowed = (planes - planes.mean((1, 2), keepdim=True)) * window
    power = torch.fft.fft2(windowed).abs().square()
    rounding = torch.full_like(power, QUANTISATION_VARIANCE * float(window.square().sum()))
    # The first ring lies below the octaves, the last in the corners above them.
    found, least = (
        sum_in_rings(each, EDGES, closed_below=True)[:, 1:-1] for each in (power, rounding)
    )
    return found.maximum(least)
