"""The Laplacian pyramid: an image as bands of one octave each.

Burt & Adelson 1983, doi:10.1109/TCOM.1983.1095851.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import convolve1d

BINOMIAL = np.array([1, 4, 6, 4, 1]) / 16


def laplacian_pyramid(plane: np.ndarray, scales: int) -> list[np.ndarray]:
    """Return the bands of an image, the finest first; the last is what is left below them.

    Each scale has half the rows and columns of the one before, rounded up.

    Args:
        plane: H × W.
        scales: their number, at least 1.
    """
    bands = []
    for _ in range(scales - 1):
        coarser = _smooth(plane)[::2, ::2]
        bands.append(plane - expanded(coarser, plane.shape))
        plane = coarser
    return [*bands, plane]


def expanded(plane: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a plane interpolated to twice its rows and columns, which ``shape`` gives."""
    sparse = np.zeros(shape)
    sparse[::2, ::2] = plane
    # Three pixels of four are empty.
    return 4 * _smooth(sparse)


def _smooth(plane: np.ndarray) -> np.ndarray:
    for axis in (0, 1):
        # Reflection about the last pixel keeps to the grid of the coarser scale.
        plane = convolve1d(plane, BINOMIAL, axis=axis, mode="mirror")
    return plane
