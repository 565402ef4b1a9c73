"""PNG, by libpng: 1 to 16 bits, palettes, transparency."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import imagecodecs
import numpy as np

from priorbench.data.formats.common import Picture, check_size, orientation_of, picture

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LONGEST_SIDE = 1_000_000
"""libpng's limit."""

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def decode(data: bytes) -> Picture:
    """Return the image of a PNG file; of an animation, its default image.

    libpng gets the critical chunks and ``tRNS``; of the others, the orientation in ``eXIf`` is
    used, wherever it stands.
    """
    header = data[len(SIGNATURE) :][:25]
    if len(header) < 25 or header[:8] != b"\0\0\0\rIHDR":
        raise ValueError("it does not begin with a header of 13 bytes")
    width, height = struct.unpack(">II", header[8:16])
    check_size(width, height)
    if max(width, height) > _LONGEST_SIDE:
        raise ValueError(
            f"a side of {max(width, height)} pixels is above {_LONGEST_SIDE}, the limit"
        )
    kept, orientation = [SIGNATURE], 1
    for name, chunk in _chunks(data):
        if name == b"eXIf":
            orientation = orientation_of(chunk[8:-4])
        if name == b"tRNS" and zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:]):
            raise ValueError("the checksum of its chunk tRNS, the transparency, is wrong")
        if name[:1].isupper() or name == b"tRNS":
            kept.append(chunk)
    try:
        levels = imagecodecs.png_decode(b"".join(kept))
    except imagecodecs.PngError as error:
        rows = _rows(data, header)
        raise ValueError(
            str(error) if rows >= height else f"its data ends after {rows} of {height} rows"
        ) from error
    return picture(levels, np.iinfo(levels.dtype).max).upright(orientation)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and bytes of each chunk, with length and checksum; the last may be cut off."""
    start = len(SIGNATURE)
    while start + 8 <= len(data):
        end = start + 12 + int.from_bytes(data[start : start + 4])
        yield data[start + 4 : start + 8], data[start:end]
        start = end


def _rows(data: bytes, header: bytes) -> int:
    """Return how many rows the stream holds before it ends or breaks; all if interlaced."""
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header[8:21])
    if interlaced or colour not in _CHANNELS:
        return int(height)
    stream, found = zlib.decompressobj(), 0
    try:
        for name, chunk in _chunks(data):
            waiting = chunk[8 : 8 + int.from_bytes(chunk[:4])] if name == b"IDAT" else b""
            while waiting and not stream.eof:
                found += len(stream.decompress(waiting, 2**20))
                waiting = stream.unconsumed_tail
    except zlib.error:
        pass
    return int(found // (1 + -(-width * bits * _CHANNELS[colour] // 8)))
