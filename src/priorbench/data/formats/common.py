"""What all formats share: limits, transparency, orientation."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Picture:
    """What an image file holds.

    Args:
        colour: H × W × 1 or H × W × 3, float32 on [0, 1].
        alpha: how opaque each pixel is, H × W, float32 on [0, 1]; None where the file has no
            transparency.
        premultiplied: whether the colours are multiplied by alpha already.
    """

    colour: np.ndarray
    alpha: np.ndarray | None = None
    premultiplied: bool = False

    def on_white(self) -> np.ndarray:
        """Return the image composited over white, c·a + 1 − a, H × W or H × W × 3."""
        colour = self.colour
        if self.alpha is not None:
            alpha = self.alpha[..., None]
            colour = np.clip((colour if self.premultiplied else colour * alpha) + (1 - alpha), 0, 1)
        return colour[..., 0] if colour.shape[2] == 1 else colour

    def upright(self, orientation: int) -> Picture:
        """Return the picture upright, given its orientation by EXIF and TIFF, 1 to 8."""
        alpha = None if self.alpha is None else _turned(self.alpha, orientation)
        return Picture(_turned(self.colour, orientation), alpha, self.premultiplied)


def picture(levels: np.ndarray, peak: float) -> Picture:
    """Return the picture of levels, H × W or H × W × C: gray or RGB, perhaps with alpha.

    Args:
        levels: what a library decoded.
        peak: the level of white, and of what is opaque.

    Raises:
        ValueError: the number of channels is another.
    """
    array = levels.reshape(*levels.shape[:2], -1) / np.float32(peak)
    array = array.astype(np.float32, copy=False)
    channels = array.shape[2]
    if channels > 4:
        raise ValueError(f"it has {channels} channels; gray or RGB, with or without alpha, is read")
    return Picture(array[..., :-1], array[..., -1]) if channels in (2, 4) else Picture(array)


def check_floats(array: np.ndarray) -> np.ndarray:
    """Return an array of floats; raise ValueError unless they lie on [0, 1]."""
    if not (array.min() >= 0 and array.max() <= 1):
        raise ValueError(
            f"its floats run from {array.min():g} to {array.max():g}; they must lie on [0, 1]"
        )
    return array


def orientation_of(exif: bytes) -> int:
    """Return the orientation in a block of EXIF, 1 to 8; 1 (upright) where it can't be read."""
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


def _turned(array: np.ndarray, orientation: int) -> np.ndarray:
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return np.ascontiguousarray(array)
