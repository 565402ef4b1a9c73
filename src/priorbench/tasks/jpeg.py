"""The artefacts of JPEG compression."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image as Picture

from priorbench.problem import Problem
from priorbench.tasks.base import Task, check_finite, refuse_mask
from priorbench.types import Image, Observation, PixelMask


class Jpeg(Task):
    """The image as a JPEG file gives it back. No linear operator stands behind it.

    Args:
        quality: 1 to 100, as libjpeg counts; colour is subsampled as its default 4:2:0.
    """

    def __init__(self, quality: int) -> None:
        self.quality = quality

    def corrupt(self, image: Image, generator: torch.Generator) -> Problem:
        """Return the image after compression and decompression."""
        check_finite(image)
        # JPEG has 8 bits.
        levels = (image[0].clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
        file = io.BytesIO()
        Picture.fromarray(levels[:, :, 0] if levels.shape[2] == 1 else levels).save(
            file, "JPEG", quality=self.quality
        )
        decoded = np.asarray(Picture.open(file), dtype=np.float32).reshape(levels.shape) / 255
        return self.observe(torch.from_numpy(decoded).permute(2, 0, 1)[None].contiguous())

    def observe(self, image: Observation, mask: PixelMask | None = None) -> Problem:
        """Return a decompressed image as a problem."""
        refuse_mask(mask, "jpeg")
        return Problem(image, None, 0.0, corruption=f"JPEG compression at quality {self.quality}")
