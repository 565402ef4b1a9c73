"""What all formats share: limits, transparency, orientation."""

from __future__ import annotations

import warnings

import numpy as np
from PIL import Image

MOST_PIXELS = 89_478_485
"""Larger images are refused before they are decoded: Pillow's own limit, 1/4 GiB of 8-bit RGB."""

_ORIENTATION = 274


def check_size(width: int, height: int) -> None:
    """Raise ValueError if an image has more pixels than are decoded, or none."""
    if width < 1 or height < 1:
        raise ValueError(f"its header claims {width} × {height} pixels")
    if width * height > MOST_PIXELS:
        raise ValueError(f"its header claims more than {MOST_PIXELS} pixels, the limit")


def on_white(levels: np.ndarray, peak: float, *, colours: int | None = None) -> np.ndarray:
    """Return an image on [0, 1], H × W or H × W × 3, from levels H × W or H × W × C.

    Args:
        levels: gray, gray and alpha, RGB, or RGB and alpha.
        peak: the level of white, and of what is opaque.
        colours: how many channels come before alpha; None where two or four channels have alpha as their last.

    Raises:
        ValueError: the number of channels is another.
    """
    array = levels.reshape(*levels.shape[:2], -1) / np.float32(peak)
    channels = array.shape[2]
    colours = channels - (channels in (2, 4)) if colours is None else colours
    if colours not in (1, 3) or channels - colours not in (0, 1):
        raise ValueError(f"it has {channels} channels; gray or RGB, with or without alpha, is read")
    if channels > colours:
        alpha = array[..., colours:]
        array = array[..., :colours] * alpha + (1 - alpha)
    array = array.astype(np.float32, copy=False)
    return array[..., 0] if colours == 1 else array


def check_floats(array: np.ndarray) -> np.ndarray:
    """Return an array of floats; raise ValueError unless they lie on [0, 1]."""
    if not (array.min() >= 0 and array.max() <= 1):
        raise ValueError(
            f"its floats run from {array.min():g} to {array.max():g}; they must lie on [0, 1]"
        )
    return array


def orientation_of(exif: bytes) -> int:
    """Return the orientation in a block of EXIF, 1 to 8; 1, which is upright, for a block that can't be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            block = Image.Exif()
            block.load(exif)
            value = block.get(_ORIENTATION, 1)
    except Exception:
        # Pillow raises anything for hostile bytes. A damaged note about an image refuses no image.
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def upright(array: np.ndarray, orientation: int) -> np.ndarray:
    """Undo an orientation as EXIF and TIFF number them, 1 to 8; other numbers mean nothing."""
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return np.ascontiguousarray(array)
