"""HEIC, by libheif where imagecodecs was built with it; the brands of its family."""

from __future__ import annotations

import imagecodecs
import numpy as np

from priorbench.data.formats.boxes import boxes, inside
from priorbench.data.formats.common import Picture, check_size, picture

AVIF = (b"avif", b"avis")
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")


def brand(data: bytes) -> bytes:
    """Return the brand of a file, ``avif`` where it is compatible with that; else nothing."""
    for kind, start, end in boxes(data[:4096]):
        if kind != b"ftyp":
            break
        brands = [data[at : at + 4] for at in (start, *range(start + 8, end, 4))]
        return next((name for name in brands if name in AVIF), brands[0])
    return b""


def decode(data: bytes) -> Picture:
    """Return the image of a HEIC file of 8 bits, which libheif turns upright.

    Raises:
        ValueError: imagecodecs has no libheif here, or the image is larger than the limit or deeper
            than 8 bits.
    """
    if not imagecodecs.HEIF.available:
        raise ValueError(
            "imagecodecs is built without libheif here and reads no HEIC "
            "(that of conda-forge does); save the photograph as PNG or JPEG"
        )
    _check_sizes(data)
    levels = imagecodecs.heif_decode(data, index=0)
    if levels.dtype != np.uint8:
        raise ValueError("HEIC of more than 8 bits is not supported")
    return picture(levels, 255)


def _check_sizes(data: bytes) -> None:
    """Check the size of each part that the file claims to hold, and that there is one."""
    sizes = [
        (int.from_bytes(data[start + 4 : start + 8]), int.from_bytes(data[start + 8 : start + 12]))
        for kind, start, _ in inside(data, b"meta", b"iprp", b"ipco")
        if kind == b"ispe"
    ]
    if not sizes:
        raise ValueError("its header tells no size")
    for width, height in sizes:
        check_size(width, height)
