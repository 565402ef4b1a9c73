"""JPEG, by Pillow. A file whose data ends early is refused, which libjpeg would fill with gray."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from priorbench.data.formats.common import Picture, check_size, orientation_of, picture

SIGNATURE = b"\xff\xd8\xff"
_EOI, _SOS, _DRI, _EXIF, _ADOBE, _COMMENT = 0xD9, 0xDA, 0xDD, 0xE1, 0xEE, 0xFE
_APP = range(0xE0, 0xF0)
_FRAMES = (0xC0, 0xC1, 0xC2)
"""Start of a frame with Huffman codes: baseline, extended, progressive."""

_END_OF_SCAN = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_FILLER = bytes((37 * number + 170) % 255 for number in range(255)) * 16
"""Bytes without a marker: ignored behind a whole scan, decoded where a scan is cut off."""


@dataclass
class _Parts:
    """What a JPEG file is made of.

    Args:
        plain: the file without metadata.
        filled: the same with more data behind each scan.
        exif: the block of EXIF.
        huffman: whether the file has Huffman codes.
        missing: whether a scan has fewer restart markers than its size wants.
        frame: the header of the frame.
        progressive: whether the frame's coefficients come bit by bit, in several scans.
        whole: component and number of each coefficient whose last bit has come.
    """

    plain: list[bytes] = field(default_factory=lambda: [SIGNATURE[:2]])
    filled: list[bytes] = field(default_factory=lambda: [SIGNATURE[:2]])
    exif: bytes = b""
    huffman: bool = False
    missing: bool = False
    frame: bytes = b""
    progressive: bool = False
    whole: set[tuple[int, int]] = field(default_factory=set)


def decode(data: bytes) -> Picture:
    """Return the image of a JPEG file, gray or RGB; CMYK is converted."""
    parts = _parts(data)
    image = _open(b"".join(parts.plain))
    if parts.progressive and len(parts.whole) < 64 * len(_components(parts.frame)):
        raise ValueError("its data ends before the last scan, which makes the pixels exact")
    if parts.huffman:
        levels, other = np.asarray(image), np.asarray(_open(b"".join(parts.filled)))
        if not np.array_equal(levels, other) or parts.missing:
            changed = (levels != other).reshape(len(levels), -1).any(axis=1)
            where = f" after {int(changed.argmax())} of {len(levels)} rows" if changed.any() else ""
            raise ValueError(f"its data ends{where or ' before the last row'}")
    gray = image.mode == "L"
    levels = np.asarray(image.convert("L" if gray else "RGB"))
    return picture(levels, 255).upright(orientation_of(parts.exif) if parts.exif else 1)


def _open(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=("JPEG",))
    check_size(image.width, image.height)
    image.load()
    return image


def _parts(data: bytes) -> _Parts:
    parts, interval = _Parts(), 0
    for marker, start, end, stop in _segments(data):
        segment = data[start:end]
        if marker == _EXIF and not parts.exif and segment[4:10] == b"Exif\0\0":
            parts.exif = segment[4:]
        if marker == _COMMENT or (marker in _APP and marker not in (_APP[0], _ADOBE)):
            continue
        if marker in _FRAMES:
            parts.frame, parts.huffman = segment[4:], True
            parts.progressive = marker == _FRAMES[-1]
        elif marker == _DRI:
            interval = int.from_bytes(segment[4:6])
        elif marker == _SOS:
            scan = segment[4:]
            if interval:
                codes = (bytes((0xFF, code)) for code in range(0xD0, 0xD8))
                restarts = sum(data.count(code, end, stop) for code in codes)
                parts.missing |= restarts < math.ceil(_units(parts.frame, scan) / interval) - 1
            first, last, bit = scan[-3:] if len(scan) > 3 else (0, 0, 1)
            if not bit & 15:
                names = scan[1 : 1 + 2 * scan[0] : 2]
                parts.whole |= {
                    (name, at) for name in names for at in range(first, min(last, 63) + 1)
                }
        piece = data[start:stop]
        parts.plain.append(piece)
        parts.filled += [piece, _FILLER] if marker == _SOS else [piece]
    return parts


def _segments(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield marker, first byte, end of the header and end of the data of each segment."""
    start = data.find(b"\xff", 2)
    while 0 <= start < len(data) - 1:
        marker = data[start + 1]
        if marker in (0x00, 0xFF, 0x01, *range(0xD0, 0xD9)):
            start = data.find(b"\xff", start + 1 + (marker != 0xFF))
            continue
        if marker == _EOI:
            yield marker, start, start + 2, start + 2
            return
        end = start + 2 + int.from_bytes(data[start + 2 : start + 4])
        stop = end
        if marker == _SOS:
            following = _END_OF_SCAN.search(data, end)
            stop = following.start() if following else len(data)
        yield marker, start, end, stop
        start = data.find(b"\xff", stop)


def _components(frame: bytes) -> dict[int, tuple[int, int]]:
    """Return how often each component is sampled across and down, by the header of the frame."""
    return {
        frame[at]: (frame[at + 1] >> 4, frame[at + 1] & 15) for at in range(6, len(frame) - 2, 3)
    }


def _units(frame: bytes, scan: bytes) -> int:
    """Return how many units (MCU) a scan consists of, by the header of the frame and its own."""
    height, width = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
    components = _components(frame)
    if not components or not all(across and down for across, down in components.values()):
        return 0
    widest = max(across for across, _ in components.values())
    highest = max(down for _, down in components.values())
    if len(scan) > 1 and scan[0] == 1 and scan[1] in components:
        # A scan of one component counts its own blocks of 8 × 8.
        across, down = components[scan[1]]
        columns, rows = math.ceil(width * across / widest), math.ceil(height * down / highest)
        return math.ceil(columns / 8) * math.ceil(rows / 8)
    return math.ceil(width / (8 * widest)) * math.ceil(height / (8 * highest))
