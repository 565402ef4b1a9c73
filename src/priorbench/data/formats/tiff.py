"""TIFF, by libtiff: 1 to 16 bits and floats; by Pillow: 8 bits in other colours."""

from __future__ import annotations

import math

import imagecodecs
import numpy as np

from priorbench.data.formats import tiff_header as tags
from priorbench.data.formats.common import (
    MOST_PIXELS,
    Picture,
    check_floats,
    check_size,
    picture,
)
from priorbench.data.formats.pillow import open_image
from priorbench.data.formats.tiff_header import SIGNATURES as SIGNATURES
from priorbench.data.formats.tiff_header import Header, read_header

MOST_SAMPLES = 4 * MOST_PIXELS
"""In the image or in one of its tiles, which are decoded whole."""

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE = range(4)
_COLOURS = (5, 6, 8)
"""CMYK, YCbCr and CIELab, which Pillow converts."""

_NONE = 1
_COMPRESSIONS = {1, 2, 3, 4, 5, 8, 32946, 32773, 34925, 50000}
"""None, CCITT, LZW, Deflate, PackBits, LZMA, Zstandard: they fill exactly one tile."""

_JPEG = 7
_NAMES = {6: "JPEG of the old kind", 34712: "JPEG 2000", 50001: "WebP", 50002: "JPEG XL"}
"""Of compressions that are not read: inside the tile they have a header of their own."""

_UNSIGNED, _SIGNED, _FLOAT, _UNDEFINED = 1, 2, 3, 4
_BITS = {_UNSIGNED: (1, 2, 4, 8, 10, 12, 14, 16), _FLOAT: (16, 32, 64)}
_PREMULTIPLIED, _ALPHA = 1, 2


def decode(data: bytes) -> Picture:
    """Return the first image of a TIFF file.

    Alpha is composited over white, whether the colours are multiplied by it already (ExtraSamples
    1) or not (2). Other samples beyond the colours are left out.
    """
    header = read_header(data)
    form, bits = _samples(header)
    _check_sizes(header, bits)
    photometric = header.number(tags.PHOTOMETRIC, _BLACK_IS_ZERO)
    compression = header.number(tags.COMPRESSION, _NONE)
    if compression not in (*_COMPRESSIONS, _JPEG):
        raise ValueError(f"the compression {_NAMES.get(compression, compression)} is not supported")
    if photometric in _COLOURS or compression == _JPEG:
        return _by_pillow(header, form, bits).upright(header.orientation)
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE):
        raise ValueError(f"the photometric interpretation {photometric} is not supported")
    try:
        levels = imagecodecs.tiff_decode(header.cleaned, index=0)
    except IndexError:
        raise ValueError("libtiff can't read its directory") from None
    if header.number(tags.PLANAR, 1) == 2 and levels.ndim == 3:
        levels = np.moveaxis(levels, 0, -1)
    levels = levels.reshape(*levels.shape[:2], -1)
    if photometric == _PALETTE:
        return _coloured(levels[..., 0], header, bits).upright(header.orientation)
    array = (
        check_floats(levels).astype(np.float32)
        if form == _FLOAT
        else levels / np.float32(2**bits - 1)
    )
    return _separated(array, header, photometric).upright(header.orientation)


def _by_pillow(header: Header, form: int, bits: int) -> Picture:
    """Return an image of 8 bits in gray or RGB, without transparency."""
    if (form, bits) != (_UNSIGNED, 8):
        raise ValueError(f"{bits} bits in these colours, or as JPEG, are not supported; 8 are")
    if {_PREMULTIPLIED, _ALPHA} & set(header.values(tags.EXTRA_SAMPLES)):
        raise ValueError("transparency in these colours, or with JPEG, is not supported")
    image = open_image(header.cleaned, "TIFF")
    return picture(np.asarray(image.convert("L" if image.mode == "L" else "RGB")), 255)


def _samples(header: Header) -> tuple[int, int]:
    """Return format and bits of a sample, which are the same for all samples."""
    forms = set(header.values(tags.SAMPLE_FORMAT, (_UNSIGNED,)))
    depths = set(header.values(tags.BITS, (1,)))
    form, bits = min(forms), min(depths)
    form = _UNSIGNED if form == _UNDEFINED else form
    if len(forms) > 1 or len(depths) > 1 or bits not in _BITS.get(form, ()):
        kind = {_UNSIGNED: "", _SIGNED: "signed ", _FLOAT: "floating "}.get(form, "complex ")
        number = " and ".join(map(str, sorted(depths)))
        raise ValueError(
            f"{number} {kind}bits a sample are not supported: "
            "1, 2, 4, 8, 10, 12, 14, 16 unsigned bits or floats of 16, 32, 64 are"
        )
    return form, bits


def _check_sizes(header: Header, bits: int) -> None:
    """Check what is decoded: the image, a tile, and whether the file holds all of it."""
    width, height = header.number(tags.WIDTH, 0), header.number(tags.LENGTH, 0)
    check_size(width, height)
    if header.number(tags.DEPTH, 1) != 1 or header.number(tags.TILE_DEPTH, 1) != 1:
        raise ValueError("a volume is not supported")
    samples, planar = header.number(tags.SAMPLES, 1), header.number(tags.PLANAR, 1)
    tiled = tags.TILE_WIDTH in header.fields
    across = header.number(tags.TILE_WIDTH, width)
    strip = min(header.number(tags.ROWS_PER_STRIP, height), height)
    down = header.number(tags.TILE_LENGTH, 0) if tiled else strip
    if samples < 1 or across < 1 or down < 1 or planar not in (1, 2):
        raise ValueError("its samples, strips or tiles have an impossible size")
    if max(width * height, across * down) * samples > MOST_SAMPLES:
        raise ValueError(
            f"its header claims more than {MOST_SAMPLES} samples in the image or in a tile, "
            "the limit"
        )
    for tag, name in ((tags.BITS, "BitsPerSample"), (tags.SAMPLE_FORMAT, "SampleFormat")):
        if len(header.values(tag, (1,))) not in (1, samples):
            raise ValueError(f"its field {name} must have 1 or {samples} values")
    offsets = header.values(tags.TILE_OFFSETS if tiled else tags.STRIP_OFFSETS)
    counts = header.values(tags.TILE_COUNTS if tiled else tags.STRIP_COUNTS)
    if len(header.values(tags.EXTRA_SAMPLES)) >= max(2, samples):
        raise ValueError(
            f"its field ExtraSamples has more values than there can be among {samples}"
        )
    planes, rows = (samples if planar == 2 else 1), math.ceil(height / down)
    parts = rows * math.ceil(width / across) * planes
    if len(offsets) < parts or (counts and len(counts) < parts):
        raise ValueError(
            f"its header names {min(len(offsets), len(counts) or parts)} of {parts} strips or tiles"
        )
    each = math.ceil(across * (samples // planes) * bits / 8)
    for index, offset in enumerate(offsets[:parts]):
        whole = each * (down if tiled else min(down, height - index * down % (rows * down)))
        size = counts[index] if counts else 1
        if header.number(tags.COMPRESSION, _NONE) == _NONE:
            size = whole
        if not offset or not size or offset + size > header.length:
            row = index // math.ceil(width / across) % rows * down
            raise ValueError(f"the file ends after {row} of {height} rows")


def _coloured(levels: np.ndarray, header: Header, bits: int) -> Picture:
    """Return RGB from a palette: the high byte, or the low one where that is all, as libtiff."""
    table = np.array(header.values(tags.COLOUR_MAP))
    if bits > 8 or len(table) != 3 * 2**bits:
        raise ValueError(f"its field ColorMap has {len(table)} values, not {3 * 2**bits}")
    table = table >> 8 if table.max() > 255 else table
    return picture(table.reshape(3, -1).T[levels.astype(np.uint8)], 255)


def _separated(array: np.ndarray, header: Header, photometric: int) -> Picture:
    """Return gray or RGB, and alpha among the samples behind them."""
    colours = 3 if photometric == _RGB else 1
    if array.shape[2] < colours:
        raise ValueError(f"it has {array.shape[2]} samples a pixel, and RGB needs 3")
    extra = header.values(tags.EXTRA_SAMPLES)[: array.shape[2] - colours]
    alphas = [index for index, kind in enumerate(extra) if kind in (_PREMULTIPLIED, _ALPHA)]
    colour = array[..., :colours]
    if photometric == _WHITE_IS_ZERO:
        colour = 1 - colour
    if not alphas:
        return Picture(colour)
    return Picture(colour, array[..., colours + alphas[0]], extra[alphas[0]] == _PREMULTIPLIED)
