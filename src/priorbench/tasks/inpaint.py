"""Inpainting: pixels are missing, at random, in shapes, or where a file says."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

import torch

from priorbench.operators import Mask
from priorbench.problem import Problem
from priorbench.tasks import masks
from priorbench.tasks.base import Task, add_noise, shape_of
from priorbench.tasks.files import read_mask
from priorbench.types import Image, Known, Observation, PixelMask

__all__ = ["Inpaint", "InpaintBlock", "InpaintMask", "InpaintScratch", "InpaintText"]


class _Inpaint(Task):
    """y = m ⊙ (x + n) with a mask that is the same in all channels.

    Args:
        sigma: standard deviation of the noise on the known pixels, on the 0–255 scale.
    """

    masked = True

    def __init__(self, sigma: float = 0) -> None:
        self.sigma = sigma / 255

    @abstractmethod
    def known(self, height: int, width: int, generator: torch.Generator) -> Known:
        """Return a bool matrix, true where the pixel is known."""

    def corrupt(self, image: Image, generator: torch.Generator) -> Problem:
        """Return y = m ⊙ (x + n)."""
        channels, height, width = shape_of(image)
        operator = Mask(self.known(height, width, generator).repeat(channels, 1, 1))
        return add_noise(image, operator, self.sigma, generator)

    def observe(self, image: Observation, mask: PixelMask | None = None) -> Problem:
        """Return the image with the pixels outside ``mask`` missing."""
        if mask is None:
            raise ValueError(
                "an observed image needs a mask that is white where the pixels are known, "
                "or transparency where they are missing"
            )
        if mask.shape[-2:] != image.shape[-2:]:
            raise ValueError(
                f"the mask is {tuple(mask.shape[-2:])} but the image {tuple(image.shape[-2:])}"
            )
        operator = Mask((mask[0, :1] > 0.5).repeat(image.shape[1], 1, 1))
        return Problem(operator.forward(image), operator, self.sigma)


class Inpaint(_Inpaint):
    """Random missing pixels.

    Args:
        missing: percentage of pixels that are missing, exactly, rounded to whole pixels.
        sigma: see above.
    """

    def __init__(self, missing: float, sigma: float = 0) -> None:
        super().__init__(sigma)
        self.missing = missing / 100

    def known(self, height: int, width: int, generator: torch.Generator) -> Known:
        """Return a mask with the wanted number of missing pixels."""
        known = torch.ones(height * width, dtype=torch.bool)
        known[
            torch.randperm(height * width, generator=generator)[
                : round(self.missing * height * width)
            ]
        ] = False
        return known.reshape(height, width)


class InpaintText(_Inpaint):
    """Lines of text lie over the image."""

    def known(self, height: int, width: int, generator: torch.Generator) -> Known:
        """Return the mask of the text."""
        return masks.text(height, width, masks.numpy_generator(generator))


class InpaintScratch(_Inpaint):
    """Thin scratches cross the image."""

    def known(self, height: int, width: int, generator: torch.Generator) -> Known:
        """Return the mask of the scratches."""
        return masks.scratches(height, width, masks.numpy_generator(generator))


class InpaintBlock(_Inpaint):
    """Square holes."""

    def known(self, height: int, width: int, generator: torch.Generator) -> Known:
        """Return the mask of the holes."""
        return masks.blocks(height, width, masks.numpy_generator(generator))


class InpaintMask(_Inpaint):
    """The pixels that an image file shows black or transparent are missing.

    Args:
        mask: the file, of the images' size; see :func:`.read_mask`.
        sigma: see above.
    """

    def __init__(self, mask: str, sigma: float = 0) -> None:
        super().__init__(sigma)
        self.file = mask
        self.mask = read_mask(Path(mask))

    def known(self, height: int, width: int, generator: torch.Generator) -> Known:
        """Return the file's mask."""
        if self.mask.shape != (height, width):
            raise ValueError(
                f"the mask {self.file} is {self.mask.shape[0]} × {self.mask.shape[1]} "
                f"but the image {height} × {width}"
            )
        return self.mask

    def observe(self, image: Observation, mask: PixelMask | None = None) -> Problem:
        """Return the image with the pixels missing that the file, or another ``mask``, hides."""
        _, height, width = shape_of(image)
        # The file's mask needs no randomness.
        own = self.known(height, width, torch.Generator())[None, None].float()
        return super().observe(image, own if mask is None else mask)
