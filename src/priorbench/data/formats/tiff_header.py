"""The header of a TIFF file: the fields that the pixels depend on, checked first."""

from __future__ import annotations

import struct
from dataclasses import dataclass

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
ORIENTATION, SAMPLES, PLANAR, PREDICTOR, COLOUR_MAP = 274, 277, 284, 317, 320
STRIP_OFFSETS, ROWS_PER_STRIP, STRIP_COUNTS = 273, 278, 279
TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_COUNTS = 322, 323, 324, 325
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

_TYPES = {1: (1, 2, 6, 7), 2: (3, 8), 4: (4, 9, 11, 13), 8: (5, 10, 12, 16, 17, 18)}
_SIZES = {kind: size for size, kinds in _TYPES.items() for kind in kinds}
"""Bytes of a value of each type."""

_WHOLE = {1: "B", 3: "H", 4: "I", 16: "Q"}
"""Types of whole numbers that are not negative."""


@dataclass(frozen=True)
class Header:
    """The first image of a TIFF file.

    Args:
        fields: the whole numbers of each field.
        orientation: as EXIF numbers it; 1 where the file has none that is valid.
        length: bytes of the file.
        cleaned: the file, its first directory without any field that the pixels do not depend on,
            and no other.
    """

    fields: dict[int, tuple[int, ...]]
    orientation: int
    length: int
    cleaned: bytes

    def number(self, tag: int, default: int) -> int:
        """Return the number of a field that has one."""
        return self.fields.get(tag, (default,))[0]

    def values(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Return the numbers of a field."""
        return self.fields.get(tag, default)


def read_header(data: bytes) -> Header:
    """Read the first directory of a TIFF or BigTIFF file.

    Raises:
        ValueError: a field that the pixels depend on has another type or count than it may have,
            lies outside the file or is there twice; the message names the field.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    # Where the directory's place stands, the format of a place, that of the number of fields, the
    # size of a field.
    at, place, count, size = (8, "Q", "Q", 20) if big else (4, "I", "H", 12)
    (start,) = _unpack(order + place, data, at, "the place of its directory")
    (entries,) = _unpack(order + count, data, start, "the number of its fields")
    first = start + struct.calcsize(count)
    if first + entries * size > len(data):
        raise ValueError(f"its directory of {entries} fields reaches beyond the end of the file")
    found: dict[int, tuple[int, ...]] = {}
    orientation, kept = 1, []
    for field in range(first, first + entries * size, size):
        tag, kind, length = struct.unpack_from(order + "HH" + place, data, field)
        inside = field + size - struct.calcsize(place)
        if tag == ORIENTATION and (kind, length) == (3, 1):
            (orientation,) = struct.unpack_from(order + "H", data, inside)
        name = _NUMBERS.get(tag) or _LISTS.get(tag) or _BYTES.get(tag)
        if name is None:
            continue
        if tag in found:
            raise ValueError(f"its field {name} is there twice")
        value = inside
        if length * _SIZES.get(kind, 1) > struct.calcsize(place):
            (value,) = struct.unpack_from(order + place, data, inside)
        if kind not in _SIZES or value + length * _SIZES[kind] > len(data):
            raise ValueError(
                f"its field {name} lies outside the file or has the unknown type {kind}"
            )
        found[tag] = ()
        if tag not in _BYTES:
            if kind not in _WHOLE or not length or (tag in _NUMBERS and length != 1):
                wanted = "one whole number" if tag in _NUMBERS else "whole numbers"
                raise ValueError(f"its field {name} must be {wanted}, not {length} of type {kind}")
            found[tag] = struct.unpack_from(f"{order}{length}{_WHOLE[kind]}", data, value)
        kept.append(data[field : field + size])
    if not {WIDTH, LENGTH} <= found.keys():
        raise ValueError("it has no field ImageWidth or no field ImageLength")
    directory = (
        struct.pack(order + count, len(kept)) + b"".join(kept) + bytes(struct.calcsize(place))
    )
    padding = bytes(-len(data) % 8)
    head = data[:at] + struct.pack(order + place, len(data) + len(padding))
    cleaned = head + data[len(head) :] + padding + directory
    return Header(found, orientation, len(data), cleaned)


def _unpack(form: str, data: bytes, place: int, what: str) -> tuple[int, ...]:
    if place + struct.calcsize(form) > len(data):
        raise ValueError(f"the file ends before {what}")
    return struct.unpack_from(form, data, place)
