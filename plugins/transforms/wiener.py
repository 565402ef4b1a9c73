"""The Wiener filter: natural images as a Gaussian field with the spectrum of nature."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from priorbench.types import AnyImage

from .gaussian_field import GaussianField


class Wiener(GaussianField):
    """A Gaussian field with the spectrum S_f = a/|f|².

    Natural images have such spectra: Field 1987, doi:10.1364/JOSAA.4.002379.

    Args:
        amplitude: a, for images on [0, 1] and f in cycles per pixel.
        iterations: the most steps of conjugate gradients.
    """

    def __init__(self, amplitude: float, iterations: int) -> None:
        super().__init__(iterations)
        self.amplitude = amplitude

    def precision(self, height: int, width: int) -> Tensor:
        """Return 1/S_f = |f|²/a on the grid of ``torch.fft.rfft2``."""
        rows, columns = torch.fft.fftfreq(height), torch.fft.rfftfreq(width)
        precision: Tensor = (rows[:, None].square() + columns.square()) / self.amplitude
        return precision


def spectrum_amplitude(images: list[AnyImage]) -> float:
    """Return the a for which log(a/|f|²) fits the logarithms of the images' spectra best."""
    logarithms = []
    for image in images:
        height, width = image.shape[-2:]
        window = torch.hann_window(height)[:, None] * torch.hann_window(width)
        centred = (image - image.mean()) * window / window.square().mean().sqrt()
        power = torch.fft.rfft2(centred, norm="ortho").abs().square()
        frequency = torch.fft.fftfreq(height)[:, None].square() + torch.fft.rfftfreq(width).square()
        middle = (frequency > 0.02**2) & (frequency < 0.4**2)
        logarithms.append((power * frequency)[..., middle].clamp(min=1e-12).log().mean())
    # The mean of the logarithm of |x̂|², which is exponentially distributed, lies below that of its
    # mean by γ.
    return math.exp(float(torch.stack(logarithms).mean()) + 0.5772156649)
