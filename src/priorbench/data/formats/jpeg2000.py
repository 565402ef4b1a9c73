"""JPEG 2000, by OpenJPEG: up to 16 bits."""

from __future__ import annotations

import imagecodecs

from priorbench.data.formats.boxes import boxes, inside
from priorbench.data.formats.common import Picture, check_size, picture

SIGNATURES = (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")


def decode(data: bytes) -> Picture:
    """Return the image of a file of JPEG 2000, wrapped (JP2) or not."""
    start = 0
    if data.startswith(SIGNATURES[0]):
        start = next((first for kind, first, _ in boxes(data) if kind == b"jp2c"), len(data))
    # SOC, then SIZ: marker, length, capabilities, sizes, number of components, three bytes for
    # each.
    header = data[start : start + 42]
    if len(header) < 42 or not header.startswith(SIGNATURES[1]):
        raise ValueError("it holds no header of a codestream")
    right, bottom, left, top = (int.from_bytes(header[at : at + 4]) for at in (8, 12, 16, 20))
    check_size(right - left, bottom - top)
    count = int.from_bytes(header[40:42])
    depths = set(data[start + 42 : start + 42 + 3 * count : 3])
    if count > 4 or len(depths) != 1:
        raise ValueError(f"{count} components of {len(depths)} depths are not supported")
    (depth,) = depths
    if depth > 15:
        raise ValueError("signed samples or more than 16 bits are not supported")
    if any(kind == b"pclr" for kind, _, _ in inside(data, b"jp2h")):
        raise ValueError("a palette inside JPEG 2000 is not supported")
    return picture(imagecodecs.jpeg2k_decode(data), 2 ** (depth + 1) - 1)
