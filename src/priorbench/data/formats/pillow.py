"""BMP, GIF, WebP and AVIF, by Pillow, which reads 8 bits a sample."""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image

from priorbench.data.formats.common import Picture, check_size, orientation_of, picture


def decode(data: bytes, form: str) -> Picture:
    """Return the first frame of a file in 8 bits; ``form`` is Pillow's name of the format."""
    image = open_image(data, form)
    gray = image.mode in ("1", "L", "LA")
    alpha = image.has_transparency_data
    exif = image.info.get("exif", b"")
    levels = np.asarray(
        image.convert(("LA" if gray else "RGBA") if alpha else ("L" if gray else "RGB"))
    )
    return picture(levels, 255).upright(orientation_of(exif) if exif else 1)


def open_image(data: bytes, form: str) -> Image.Image:
    """Read the header of a file; its size is checked here, before any pixel is decoded."""
    with warnings.catch_warnings():
        # Damaged metadata; pixels that can't be read are an error.
        warnings.simplefilter("ignore")
        image = Image.open(io.BytesIO(data), formats=(form,))
    check_size(image.width, image.height)
    return image
