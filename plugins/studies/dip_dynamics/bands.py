"""How well an image agrees with another in each band of frequencies."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.types import Image

EDGES = (1 / 32, 1 / 16, 1 / 8, 1 / 4)
"""Between the bands, in cycles per pixel."""
BANDS = ("below 1/32", "1/32 to 1/16", "1/16 to 1/8", "1/8 to 1/4", "above 1/4")
"""Their names, in cycles per pixel, from low to high."""


class Bands:
    """Relative errors against a clean image, by band.

    A Hann window keeps the jump between opposite borders out of the high frequencies.

    Args:
        clean: 1 × 1 × H × W.
    """

    def __init__(self, clean: Image) -> None:
        height, width = clean.shape[-2:]
        self.clean = clean[0, 0]
        self.window = torch.outer(
            *(torch.hann_window(length, periodic=False) for length in (height, width))
        )
        radius = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width)[None])
        self.band = torch.bucketize(radius, torch.tensor(EDGES))
        self.power = self._power(self.clean - self.clean.mean())

    def errors(self, image: Image) -> list[float]:
        """Return for each band the norm of the difference, divided by that of the clean image without its mean."""
        return (self._power(image[0, 0] - self.clean) / self.power.clamp(min=1e-20)).sqrt().tolist()

    def _power(self, picture: Tensor) -> Tensor:
        power = torch.fft.fft2(self.window * picture).abs().square()
        return torch.zeros(len(BANDS)).index_add(0, self.band.flatten(), power.flatten())
