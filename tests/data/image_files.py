"""Files of every format for the tests of the readers, from their parts where no library writes
them.
"""

from __future__ import annotations

import io
import struct
import zlib

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

ADAM7 = (
    (0, 8, 0, 8),
    (0, 8, 4, 8),
    (4, 8, 0, 4),
    (0, 4, 2, 4),
    (2, 4, 0, 2),
    (0, 2, 1, 2),
    (1, 2, 0, 1),
)
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def png(
    width: int,
    height: int,
    bits: int,
    colour: int,
    pixels: bytes,
    *chunks: tuple[bytes, bytes],
    behind: tuple[tuple[bytes, bytes], ...] = (),
    interlaced: bool = False,
) -> bytes:
    """A PNG from its parts; ``chunks`` stand before the pixels, ``behind`` after them."""
    header = (b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced))
    parts = [header, *chunks, (b"IDAT", zlib.compress(pixels)), *behind, (b"IEND", b"")]
    packed = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def png_of(levels: np.ndarray, bits: int, *chunks: tuple[bytes, bytes], **options: object) -> bytes:
    """A PNG of levels H × W × C below 2**bits; see :func:`png`."""
    height, width, channels = levels.shape
    passes = ADAM7 if options.get("interlaced") else ((0, 1, 0, 1),)
    parts = [levels[top::down, left::across] for top, down, left, across in passes]
    pixels = b"".join(rows(part, bits) for part in parts if part.size)
    return png(width, height, bits, COLOUR_TYPES[channels], pixels, *chunks, **options)


def rows(levels: np.ndarray, bits: int) -> bytes:
    """Rows of PNG without a filter."""
    flat = levels.reshape(len(levels), -1)
    if bits == 16:
        packed = flat.astype(">u2").view(np.uint8)
    else:
        places = (flat[..., None] >> np.arange(bits)[::-1]) & 1
        packed = np.packbits(places.reshape(len(flat), -1).astype(np.uint8), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in packed)


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    """What Pillow writes."""
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def tiff(array: np.ndarray, **options: object) -> bytes:
    """What tifffile writes."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, **options)
    return stream.getvalue()


def tiff_fields(*fields: tuple[int, int, int, bytes], pixels: bytes = b"\0" * 64) -> bytes:
    """A little-endian TIFF from fields (tag, type, count, value), pixels at byte 1000."""
    directory, behind = struct.pack("<H", len(fields)), b""
    end = 8 + 2 + 12 * len(fields) + 4
    for tag, kind, count, value in fields:
        place = value.ljust(4, b"\0")
        if len(value) > 4:
            place, behind = struct.pack("<I", end + len(behind)), behind + value
        directory += struct.pack("<HHI", tag, kind, count) + place
    return (b"II*\0\x08\0\0\0" + directory + b"\0" * 4 + behind).ljust(1000, b"\0") + pixels


def exif(orientation: int) -> Image.Exif:
    """A block of EXIF with an orientation."""
    block = Image.Exif()
    block[274] = orientation
    return block


def every_format() -> dict[str, bytes]:
    """A small file of each format that is read, and of its kinds that go through other code."""
    random = np.random.default_rng(0)
    rgb16 = random.integers(0, 65536, (24, 24, 3), np.uint16)
    rgb, gray = (rgb16 >> 8).astype(np.uint8), (rgb16[..., 0] >> 8).astype(np.uint8)
    photo, note = Image.fromarray(rgb), exif(6).tobytes()
    return {
        "png": saved(photo, "PNG", exif=note),
        "png 16": imagecodecs.png_encode(rgb16),
        "png palette": saved(photo.quantize(16), "PNG", transparency=3),
        "png interlaced": png_of(rgb, 8, interlaced=True),
        "jpeg": saved(photo, "JPEG", exif=note),
        "jpeg gray": saved(Image.fromarray(gray), "JPEG"),
        "jpeg progressive": saved(photo, "JPEG", progressive=True),
        "jpeg restarts": saved(photo, "JPEG", restart_marker_blocks=1),
        "bmp": saved(photo, "BMP"),
        "tiff": tiff(rgb, photometric="rgb"),
        "tiff tiles": tiff(
            rgb, photometric="rgb", tile=(16, 16), compression="lzw", predictor=True
        ),
        "tiff 16": tiff(rgb16, photometric="rgb", compression="zlib"),
        "tiff floats": tiff(rgb.astype(np.float32) / 255, bigtiff=True, photometric="rgb"),
        "tiff fax": saved(photo.convert("1"), "TIFF", compression="group4"),
        "tiff jpeg": saved(photo, "TIFF", compression="jpeg"),
        "tiff palette": saved(photo.quantize(16), "TIFF"),
        "gif": saved(photo, "GIF"),
        "webp": saved(photo, "WEBP", exif=note),
        "webp lossless": saved(photo, "WEBP", lossless=True),
        "avif": saved(photo, "AVIF", exif=note),
        "avif 10": imagecodecs.avif_encode(rgb16 >> 6, bitspersample=10),
        "jpeg 2000": imagecodecs.jpeg2k_encode(rgb, level=0),
        "jpeg 2000 16": imagecodecs.jpeg2k_encode(rgb16, level=0),
        "jpeg xl": imagecodecs.jpegxl_encode(rgb, lossless=True),
        "jpeg xl 16": imagecodecs.jpegxl_encode(rgb16, lossless=True),
    }
