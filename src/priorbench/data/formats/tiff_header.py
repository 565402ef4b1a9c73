"""The header of a TIFF file: the fields that the pixels depend on, checked before anything is computed from them."""

from __future__ import annotations

import struct
from dataclasses import dataclass

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_COUNTS, PLANAR = (
    273,
    274,
    277,
    278,
    279,
    284,
)
PREDICTOR, COLOUR_MAP, TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_COUNTS = (
    317,
    320,
    322,
    323,
    324,
    325,
)
EXTRA_SAMPLES, SAMPLE_FORMAT, DEPTH, TILE_DEPTH = 338, 339, 32997, 32998

_NUMBERS = {
    WIDTH: "ImageWidth",
    LENGTH: "ImageLength",
    COMPRESSION: "Compression",
    PHOTOMETRIC: "PhotometricInterpretation",
    266: "FillOrder",
    SAMPLES: "SamplesPerPixel",
    ROWS_PER_STRIP: "RowsPerStrip",
    PLANAR: "PlanarConfiguration",
    292: "T4Options",
    293: "T6Options",
    PREDICTOR: "Predictor",
    TILE_WIDTH: "TileWidth",
    TILE_LENGTH: "TileLength",
    332: "InkSet",
    531: "YCbCrPositioning",
    DEPTH: "ImageDepth",
    TILE_DEPTH: "TileDepth",
}
"""Fields that are one whole number."""

_LISTS = {
    BITS: "BitsPerSample",
    STRIP_OFFSETS: "StripOffsets",
    STRIP_COUNTS: "StripByteCounts",
    COLOUR_MAP: "ColorMap",
    TILE_OFFSETS: "TileOffsets",
    TILE_COUNTS: "TileByteCounts",
    EXTRA_SAMPLES: "ExtraSamples",
    SAMPLE_FORMAT: "SampleFormat",
    530: "YCbCrSubSampling",
}
"""Fields that are any count of whole numbers."""

_BYTES = {347: "JPEGTables", 529: "YCbCrCoefficients", 532: "ReferenceBlackWhite"}
"""Fields that only the library reads."""

_SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_WHOLE = {1: "B", 3: "H", 4: "I", 16: "Q"}


@dataclass(frozen=True)
class Header:
    """The first image of a TIFF file.

    Args:
        numbers: fields of one whole number.
        lists: fields of several.
        orientation: as EXIF numbers it; 1 where the file has none that is valid.
        length: bytes of the file.
        cleaned: the file, its first directory without any field that the pixels do not depend on, and no other.
    """

    numbers: dict[int, int]
    lists: dict[int, tuple[int, ...]]
    orientation: int
    length: int
    cleaned: bytes

    def number(self, tag: int, default: int) -> int:
        """Return the value of a field."""
        return self.numbers.get(tag, default)

    def values(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Return the values of a field."""
        return self.lists.get(tag, default)


def read_header(data: bytes) -> Header:
    """Read the first directory of a TIFF or BigTIFF file.

    Raises:
        ValueError: a field that the pixels depend on has another type or count than it may have, lies outside the
            file or is there twice; the message names the field.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    # Where the directory's offset stands, its format, that of the number of entries, the size of an entry.
    place, offset, count, size = (8, "Q", "Q", 20) if big else (4, "I", "H", 12)
    (start,) = _unpack(order + offset, data, place, "the place of its directory")
    (entries,) = _unpack(order + count, data, start, "the number of its fields")
    first = start + struct.calcsize(count)
    if first + entries * size > len(data):
        raise ValueError(f"its directory of {entries} fields reaches beyond the end of the file")
    numbers: dict[int, int] = {}
    lists: dict[int, tuple[int, ...]] = {}
    orientation, kept, seen = 1, [], set()
    for at in range(first, first + entries * size, size):
        tag, kind, length = struct.unpack_from(order + "HH" + offset, data, at)
        name = _NUMBERS.get(tag) or _LISTS.get(tag) or _BYTES.get(tag)
        if tag == ORIENTATION and (kind, length) == (3, 1):
            (orientation,) = struct.unpack_from(
                order + "H", data, at + size - struct.calcsize(offset)
            )
        if name is None:
            continue
        if tag in seen:
            raise ValueError(f"its field {name} is there twice")
        seen.add(tag)
        value = at + size - struct.calcsize(offset)
        if length * _SIZES.get(kind, 1) > struct.calcsize(offset):
            (value,) = struct.unpack_from(order + offset, data, value)
        if kind not in _SIZES or value + length * _SIZES[kind] > len(data):
            raise ValueError(
                f"its field {name} lies outside the file or has the unknown type {kind}"
            )
        if tag not in _BYTES:
            if kind not in _WHOLE or not length or (tag in _NUMBERS and length != 1):
                one = "one whole number" if tag in _NUMBERS else "whole numbers"
                raise ValueError(f"its field {name} must be {one}, not {length} of type {kind}")
            found = struct.unpack_from(f"{order}{length}{_WHOLE[kind]}", data, value)
            if tag in _NUMBERS:
                numbers[tag] = found[0]
            else:
                lists[tag] = found
        kept.append(data[at : at + size])
    if len(orderly := [WIDTH, LENGTH]) != sum(tag in numbers for tag in orderly):
        raise ValueError("it has no field ImageWidth or no field ImageLength")
    directory = (
        struct.pack(order + count, len(kept)) + b"".join(kept) + bytes(struct.calcsize(offset))
    )
    padding = bytes(-len(data) % 8)
    head = data[:place] + struct.pack(order + offset, len(data) + len(padding))
    return Header(
        numbers, lists, orientation, len(data), head + data[len(head) :] + padding + directory
    )


def _unpack(form: str, data: bytes, place: int, what: str) -> tuple[int, ...]:
    if place + struct.calcsize(form) > len(data):
        raise ValueError(f"the file ends before {what}")
    return struct.unpack_from(form, data, place)
