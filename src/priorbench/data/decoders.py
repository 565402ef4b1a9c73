"""Bytes to float arrays, whatever the format and the number of bits."""

from __future__ import annotations

import io
import math
import warnings

import imagecodecs
import numpy as np
import tifffile
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
MOST_PIXELS = 89_478_485
"""Larger images are refused before they are decoded: Pillow's own limit, 1/4 GiB of 8-bit RGB."""

MOST_SAMPLES = 4 * MOST_PIXELS
"""Of a TIFF file, in the image or in one of its tiles, which are decoded whole."""

_TOO_LARGE = f"its header claims more than {MOST_PIXELS} pixels, the limit"
_COMPRESSIONS = ("NONE", "LZW", "ADOBE_DEFLATE", "DEFLATE", "PACKBITS", "LZMA", "ZSTD")
"""Those of bytes, which give as many as the tile takes. A compressed image inside a tile has a header of its own."""
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PNG = b"\x89PNG\r\n\x1a\n"
_ORIENTATION = 274


def decode(data: bytes) -> np.ndarray:
    """Return the image in ``data``, upright, as float32 on [0, 1], H × W or H × W × 3.

    The content says what the format is. All bits are kept: 16-bit PNG and TIFF of more than 8 bits do not go
    through Pillow, which would cut them to 8. Alpha is composited over white. A palette becomes RGB.
    Of several pages or frames the first is taken. Gamma and colour profiles are ignored.

    Raises:
        Exception: whatever the decoders raise for content that they cannot read; ValueError for what is
            readable but is no image on [0, 1].
    """
    if data.startswith(_TIFF):
        array = _decode_deep_tiff(data)
        if array is not None:
            return array
    image = _open_with_pillow(data)
    if data.startswith(_PNG) and data[24] == 16:
        # getexif would decode the whole image in search of a chunk that is hardly ever there.
        orientation = image.getexif().get(_ORIENTATION, 1) if "exif" in image.info else 1
        array = imagecodecs.png_decode(data)
        array = array.reshape(*array.shape[:2], -1)
        return _upright(
            _over_white(array / np.float32(65535), array.shape[2] in (2, 4)), orientation
        )
    return _decode_with_pillow(image)


def _open_with_pillow(data: bytes) -> Image.Image:
    """Read the header; its size is checked here, before any pixel is decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise ValueError(_TOO_LARGE) from None
    # Pillow's own limit is a variable that any library may have changed.
    if image.width * image.height > MOST_PIXELS:
        raise ValueError(_TOO_LARGE)
    return image


def _decode_with_pillow(image: Image.Image) -> np.ndarray:
    transparent = image.has_transparency_data
    gray = image.mode in ("1", "L", "LA")
    image = ImageOps.exif_transpose(image)
    image = image.convert(("LA" if gray else "RGBA") if transparent else ("L" if gray else "RGB"))
    array = np.asarray(image, dtype=np.float32) / 255
    return _over_white(array.reshape(*array.shape[:2], -1), transparent)


def _decode_deep_tiff(data: bytes) -> np.ndarray | None:
    """Return a TIFF of more than 8 bits; None for others, which Pillow reads in more variants."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        if page.imagewidth * page.imagelength > MOST_PIXELS:
            raise ValueError(_TOO_LARGE)
        if max(math.prod(page.shape), math.prod(page.chunks)) > MOST_SAMPLES:
            raise ValueError(
                f"its header claims more than {MOST_SAMPLES} samples in the image or in a tile, the limit"
            )
        if page.dtype is not None and page.dtype.itemsize == 1:
            return None
        if (
            page.dtype is None
            or page.dtype.kind not in "uf"
            or page.dtype == np.uint32
            or page.dtype == np.uint64
        ):
            raise ValueError(
                f"samples of type {page.dtype} are not supported: 8 or 16 bits or floats on [0, 1] are"
            )
        photometric = tifffile.PHOTOMETRIC(page.photometric).name
        if photometric not in ("MINISBLACK", "MINISWHITE", "RGB") or page.axes not in (
            "YX",
            "YXS",
            "SYX",
        ):
            raise ValueError(
                f"{photometric} with axes {page.axes} is not supported: gray or RGB is"
            )
        compression = tifffile.COMPRESSION(page.compression).name
        if compression not in _COMPRESSIONS:
            raise ValueError(f"the compression {compression} of more than 8 bits is not supported")
        array = page.asarray(maxworkers=1)
        orientation = page.tags.valueof(_ORIENTATION, 1)
        if page.axes == "SYX":
            array = np.moveaxis(array, 0, -1)
        array = array.reshape(*array.shape[:2], -1)
        if page.dtype.kind == "u":
            array = array / np.float32(2**page.bitspersample - 1)
        elif not (array.min() >= 0 and array.max() <= 1):
            raise ValueError(
                f"its floats run from {array.min():g} to {array.max():g}; they must lie on [0, 1]"
            )
        array = array.astype(np.float32)
        colours = 3 if photometric == "RGB" else 1
        if photometric == "MINISWHITE":
            array[..., :1] = 1 - array[..., :1]
        alpha = page.extrasamples[:1] == (tifffile.EXTRASAMPLE.UNASSALPHA,)
        return _upright(_over_white(array[..., : colours + alpha], alpha), orientation)


def _over_white(array: np.ndarray, alpha: bool) -> np.ndarray:
    """Return H × W or H × W × 3 from H × W × C, whose last channel may be alpha: c·a + 1 − a."""
    if alpha:
        array = array[..., :-1] * array[..., -1:] + (1 - array[..., -1:])
    return array[..., 0] if array.shape[2] == 1 else array


def _upright(array: np.ndarray, orientation: int) -> np.ndarray:
    """Undo an orientation as EXIF and TIFF number them, 1 to 8; other numbers mean nothing."""
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return np.ascontiguousarray(array)
