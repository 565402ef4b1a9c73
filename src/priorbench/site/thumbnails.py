"""Small pictures of images."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

SIDE = 160
"""About how many pixels the longer side of a thumbnail has."""
QUALITY, EFFORT = 75, 0
"""Of WebP. More effort takes up to twice as long as reading the image, for 10 % fewer bytes."""
FORMAT = f"WebP {SIDE} {QUALITY} {EFFORT}"
"""What thumbnails of the same image have in common."""


def thumbnail(image: np.ndarray) -> bytes:
    """Return a thumbnail as WebP: means over squares of n × n pixels.

    n is the whole number that brings the longer side closest to ``SIDE`` pixels; an image that is
    small keeps its size.

    Args:
        image: H × W or H × W × 3 on [0, 1].
    """
    levels = np.rint(255 * image).astype(np.uint8)
    factor = max(1, round(max(image.shape[:2]) / SIDE))
    buffer = io.BytesIO()
    small = Image.fromarray(levels).reduce(factor)
    small.save(buffer, "WEBP", quality=QUALITY, method=EFFORT)
    return buffer.getvalue()
