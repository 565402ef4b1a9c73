"""Pictures for people: PNG, TIFF or JPEG, of 8 or 16 bits, with transparency."""

from __future__ import annotations

import io
from pathlib import Path

import imagecodecs
import numpy as np
from PIL import Image

from priorbench.store.files import write_atomically

BITS = {".png": 16, ".tif": 16, ".tiff": 16, ".jpg": 8, ".jpeg": 8}
"""The most bits of each suffix."""

JPEG_QUALITY = 95


def check_suffix(path: Path, bits: int | None) -> None:
    """Raise ValueError unless a format has this suffix and this many bits, if any are given."""
    most = BITS.get(path.suffix.lower())
    if most is None:
        raise ValueError(f"{path}: end the name in {', '.join(BITS)}")
    if bits not in (None, 8, 16):
        raise ValueError(f"a picture has 8 or 16 bits, not {bits}")
    if bits and bits > most:
        raise ValueError(f"{path}: JPEG has 8 bits; take .png or .tif for {bits}")


def write_picture(
    path: Path, colour: np.ndarray, *, bits: int | None = None, alpha: np.ndarray | None = None
) -> None:
    """Write a picture, clipped to [0, 1], atomically. Transparent pixels are black in JPEG.

    Args:
        path: the file; its suffix says the format.
        colour: H × W × 1 or H × W × 3; finite.
        bits: 8 or 16; None for the most that the format has.
        alpha: true where a pixel is opaque, H × W.

    Raises:
        ValueError: the suffix or the bits are others.
    """
    check_suffix(path, bits)
    suffix = path.suffix.lower()
    bits = bits or BITS[suffix]
    shown = colour if alpha is None else np.where(alpha[..., None], colour, 0)
    if alpha is not None and suffix not in (".jpg", ".jpeg"):
        if suffix != ".png" and shown.shape[2] == 1:
            shown = shown.repeat(3, axis=2)
        shown = np.concatenate([shown, alpha[..., None]], axis=2)
    peak = 2**bits - 1
    levels = np.rint(np.clip(shown, 0, 1).astype(np.float64) * peak).astype(
        f"uint{bits}", order="C"
    )
    levels = levels[..., 0] if levels.shape[2] == 1 else levels
    if suffix == ".png":
        content = bytes(imagecodecs.png_encode(levels))
    elif suffix in (".tif", ".tiff"):
        content = bytes(imagecodecs.tiff_encode(levels, compression="deflate"))
    else:
        stream = io.BytesIO()
        Image.fromarray(levels).save(stream, "JPEG", quality=JPEG_QUALITY, subsampling=0)
        content = stream.getvalue()
    write_atomically(path, content)
