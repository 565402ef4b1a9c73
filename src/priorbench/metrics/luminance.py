"""Images as measures of perception take them: gray levels from 0 to 255, at half the resolution."""

from __future__ import annotations

import numpy as np

from priorbench.numerics.constants import LUMA_WEIGHTS


def gray_levels(image: np.ndarray) -> np.ndarray:
    """Return an image H × W × C on [0, 1] as gray levels from 0 to 255, H × W.

    Colours become 0.299 R + 0.587 G + 0.114 B, ITU-R BT.601.
    """
    levels: np.ndarray = 255 * (image[..., 0] if image.shape[2] == 1 else image @ LUMA_WEIGHTS)
    return levels


def halved(plane: np.ndarray) -> np.ndarray:
    """Return the means of 2 × 2 pixels; an odd last row or column is left out."""
    height, width = (side // 2 for side in plane.shape)
    blocks = plane[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
    means: np.ndarray = blocks.mean(axis=(1, 3))
    return means
