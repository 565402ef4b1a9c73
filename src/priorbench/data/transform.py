"""What an experiment does to an image before it is the clean image."""

from __future__ import annotations

import numpy as np
from skimage.transform import resize

from priorbench.numerics.constants import LUMA_WEIGHTS

__all__ = ["centre_crop", "limit_size", "to_gray", "transform"]

LUMA = np.array(LUMA_WEIGHTS, dtype=np.float32)


def transform(
    image: np.ndarray,
    *,
    gray: bool = False,
    max_size: int | None = None,
    crop: int | tuple[int, int] | None = None,
) -> np.ndarray:
    """Convert to gray, then limit the size, then cut the centre.

    Args:
        image: H × W or H × W × 3 on [0, 1].
        gray: whether to convert to gray.
        max_size: the longest side in pixels; None leaves the size.
        crop: (height, width), or one side of a square; None cuts nothing.
    """
    if gray:
        image = to_gray(image)
    if max_size is not None:
        image = limit_size(image, max_size)
    if crop is not None:
        height, width = (crop, crop) if isinstance(crop, int) else crop
        image = centre_crop(image, height, width)
    return image


def to_gray(image: np.ndarray) -> np.ndarray:
    """Return 0.299 R + 0.587 G + 0.114 B, H × W, of ITU-R BT.601; gray stays as it is.

    MATLAB's rgb2gray, whose weights have more digits, differs by less than 7 · 10⁻⁵.
    """
    return image if image.ndim == 2 else (image @ LUMA).clip(0, 1)


def limit_size(image: np.ndarray, size: int) -> np.ndarray:
    """Shrink an image whose longer side exceeds ``size`` pixels to that, antialiased."""
    height, width = image.shape[:2]
    longer = max(height, width)
    if longer <= size:
        return image
    shape = tuple(max(1, round(side * size / longer)) for side in (height, width))
    smaller: np.ndarray = resize(image, shape, order=1, anti_aliasing=True, mode="reflect")
    return smaller.clip(0, 1)


def centre_crop(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Cut ``height`` × ``width`` out of the centre, or less where the image is smaller."""
    top = max(0, (image.shape[0] - height) // 2)
    left = max(0, (image.shape[1] - width) // 2)
    return image[top : top + height, left : left + width]
