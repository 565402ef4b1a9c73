"""How well an image agrees with another in each band of frequencies."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.studies.spectra import OCTAVES, sum_in_rings
from priorbench.types import Image

EDGES = (*OCTAVES.values(), 1 / 4)
"""Between the bands, in cycles per pixel."""
BANDS = ("below 1/32", *OCTAVES, "above 1/4")
"""Their names, in cycles per pixel, from low to high."""


class Bands:
    """Relative errors against a clean image, by band.

    A Hann window keeps the jump between opposite borders out of the high frequencies.

    Args:
        clean: 1 × 1 × H × W.
    """

    def __init__(self, clean: Image) -> None:
        self.clean = clean[0, 0]
        rows, columns = (torch.hann_window(side, periodic=False) for side in self.clean.shape)
        self.window = torch.outer(rows, columns)
        self.power = self._power(self.clean - self.clean.mean())

    def errors(self, image: Image) -> list[float]:
        """Return the error of each band.

        It is the norm of the difference divided by that of the clean image without its mean.
        """
        # A constant image has no power in any band.
        return (self._power(image[0, 0] - self.clean) / self.power.clamp(min=1e-20)).sqrt().tolist()

    def _power(self, picture: Tensor) -> Tensor:
        power = torch.fft.fft2(self.window * picture).abs().square()
        return sum_in_rings(power[None], EDGES, closed_below=False)[0]
