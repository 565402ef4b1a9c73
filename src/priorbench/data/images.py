"""Image files: read in every common form, written as 16-bit PNG."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np

from priorbench.data.decoders import decode
from priorbench.data.formats.common import Picture
from priorbench.store.files import read_at_most, write_atomically

MOST_BYTES = 2**30
"""Larger files are refused unread; RGB floats of the most pixels decoded take as much."""


def read_image(path: Path) -> np.ndarray:
    """Read an image file of any format in :data:`.FORMATS`; its content counts, not its suffix.

    See :func:`priorbench.data.decoders.decode` for what becomes of palettes, bits and orientation.
    Alpha is composited over white.

    Args:
        path: the file.

    Returns:
        float32 on [0, 1]; H × W for gray, H × W × 3 for RGB.

    Raises:
        ValueError: the file is no regular one, empty, cut off, corrupt, too large or no image; the
            message names it.
        OSError: the file can't be opened.
    """
    return np.ascontiguousarray(read_picture(path).on_white())


def read_picture(path: Path) -> Picture:
    """Read an image file with its transparency; see :func:`read_image`."""
    data = read_at_most(path, MOST_BYTES)
    if not data:
        raise ValueError(f"{path} is empty")
    try:
        return decode(data)
    except Exception as error:
        # A decoder given hostile bytes raises anything, from SyntaxError to struct.error.
        raise ValueError(f"{path} can't be read as an image: {_reason(error)}") from error


def planes(array: np.ndarray) -> np.ndarray:
    """Return an image H × W or H × W × C as H × W × C."""
    return array[:, :, None] if array.ndim == 2 else array


def write_image(path: Path, array: np.ndarray) -> None:
    """Write an image as a 16-bit PNG, atomically.

    Values are clipped to [0, 1] and rounded to multiples of 1/65535, so what was read from a PNG is
    written back exactly.

    Args:
        path: the file.
        array: H × W or H × W × 1 for gray, H × W × 3 for RGB.

    Raises:
        ValueError: the shape is another, or a value is NaN or infinite; nothing is written.
    """
    shape = np.shape(array)
    if len(shape) not in (2, 3) or shape[2:] not in ((), (1,), (3,)) or 0 in shape:
        raise ValueError(f"{path}: an image must be H × W, H × W × 1 or H × W × 3, not {shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{path}: the image holds NaN or infinite values")
    # A colour image that comes from a tensor has its channels first in memory, which the encoder
    # refuses.
    levels = np.rint(np.clip(array, 0, 1).astype(np.float64) * 65535).astype(np.uint16, order="C")
    encoded = imagecodecs.png_encode(levels[..., 0] if shape[2:] == (1,) else levels)
    # Its checksum is in a manifest or a record.
    write_atomically(path, bytes(encoded), durable=False)


def _reason(error: Exception) -> str:
    """Return the error in one line; Pillow quotes a buffer's address instead of a reason."""
    text = " ".join(str(error).split())
    return (
        "its header is damaged"
        if "cannot identify image file" in text
        else text or type(error).__name__
    )
