"""Bytes to float arrays, whatever the format and the number of bits."""

from __future__ import annotations

from priorbench.data.formats import heif, jpeg, jpeg2000, jpegxl, pillow, png, tiff
from priorbench.data.formats.common import MOST_PIXELS as MOST_PIXELS
from priorbench.data.formats.common import Picture

FORMATS = "PNG, JPEG, TIFF, BMP, GIF, WebP, AVIF, HEIC, JPEG 2000 or JPEG XL"


def decode(data: bytes) -> Picture:
    """Return the picture in ``data``, upright, as float32 on [0, 1].

    The content says what the format is. All bits are kept but those of AVIF, which Pillow reads
    with 8. A palette becomes RGB. Of several pages or frames the first is taken. Gamma, colour
    profiles and other metadata are ignored, whole or damaged; the orientation is not.

    Raises:
        Exception: whatever the decoders raise for content that they cannot read; ValueError for
            what is readable but is no image on [0, 1].
    """
    if data.startswith(png.SIGNATURE):
        return png.decode(data)
    if data.startswith(jpeg.SIGNATURE):
        return jpeg.decode(data)
    if data.startswith(tiff.SIGNATURES):
        return tiff.decode(data)
    if data.startswith(jpegxl.SIGNATURES):
        return jpegxl.decode(data)
    if data.startswith(jpeg2000.SIGNATURES):
        return jpeg2000.decode(data)
    if data.startswith(b"BM"):
        return pillow.decode(data, "BMP")
    if data.startswith((b"GIF87a", b"GIF89a")):
        return pillow.decode(data, "GIF")
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return pillow.decode(data, "WEBP")
    brand = heif.brand(data)
    if brand in heif.AVIF:
        return pillow.decode(data, "AVIF")
    if brand in heif.HEIC:
        return heif.decode(data)
    raise ValueError(f"its content is not {FORMATS}")
