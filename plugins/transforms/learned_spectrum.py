"""The Wiener filter with the spectrum of the images that it learned from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.numerics.patches import draw_patches
from priorbench.priors import Context, Learned
from priorbench.types import AnyImage

from .gaussian_field import GaussianField

WINDOWS = 20_000
"""Windows of the training images whose spectra are averaged, at most."""
IN_A_BATCH = 1000
LEAST = 1e-8
"""The least variance of a coefficient: that of an image on [0, 1] which was rounded to 12 bits."""


class LearnedSpectrum(GaussianField, Learned):
    """A Gaussian field whose spectrum is the mean periodogram of windows of training images.

    Neither is tapered: like the windows, the image that is restored ends at its border, and the
    jump there is a part of the spectrum of its periodic continuation. Between the frequencies of
    the windows the logarithm of the spectrum is interpolated.

    Args:
        side: of the windows in pixels.
        iterations: the most steps of conjugate gradients.
    """

    def __init__(self, side: int, iterations: int) -> None:
        super().__init__(iterations)
        self.side = side
        self._spectrum: Tensor | None = None

    def fit(self, images: Sequence[AnyImage], context: Context) -> Iterator[Mapping[str, float]]:
        """Average the periodograms of windows.

        Yields:
            one row, with the number of ``windows``.

        Raises:
            ValueError: an image has two or more than three channels, or none is as large as a
                window.
        """
        drawn, _ = draw_patches(images, self.side, WINDOWS, 0.0, context.generator)
        total = torch.zeros(self.side, self.side, dtype=torch.float64)
        for batch in drawn.batches(IN_A_BATCH):
            windows = batch.view(-1, self.side, self.side).double()
            total += torch.fft.fft2(windows, norm="ortho").abs().square().sum(0)
        spectrum = total / len(drawn)
        # The mean is free; below the windows' first frequency it would hide what falls off there.
        spectrum[0, 0] = torch.maximum(spectrum[0, 1], spectrum[1, 0])
        self._take(spectrum)
        context.progress(1.0)
        yield {"windows": float(len(drawn))}

    def precision(self, height: int, width: int) -> Tensor:
        """Return 1/S_f on the grid of ``torch.fft.rfft2``, 0 for the mean.

        Raises:
            RuntimeError: the prior is neither fitted nor loaded.
        """
        return self._precision(height, width)

    def _at(self, height: int, width: int) -> Tensor:
        if self._spectrum is None:
            raise RuntimeError("this Wiener filter has no spectrum yet: fit it, or load one")
        # Frequencies −½ … ½: the last row and column of an even side are those of the first.
        middle = torch.fft.fftshift(self._spectrum.log())
        around = F.pad(middle[None, None], (0, 1, 0, 1), mode="circular")
        rows, columns = torch.fft.fftfreq(height), torch.fft.rfftfreq(width)
        place = self.side // 2 / self.side
        # On the scale of grid_sample, −1 … 1 from the first to the last value.
        vertical, horizontal = (2 * (f + place) - 1 for f in (rows, columns))
        grid = torch.stack(torch.meshgrid(vertical, horizontal, indexing="ij")[::-1], -1)
        found = F.grid_sample(around, grid[None].to(around), align_corners=True)
        precision = found[0, 0].exp().reciprocal()
        precision[0, 0] = 0.0
        return precision.float()

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return the ``spectrum``, T × T in the order of ``torch.fft.fft2``.

        Raises:
            RuntimeError: the prior is neither fitted nor loaded.
        """
        if self._spectrum is None:
            raise RuntimeError("this Wiener filter has no spectrum yet: fit it, or load one")
        return {"spectrum": self._spectrum}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over the ``spectrum``.

        Raises:
            ValueError: it is missing, has the wrong shape, or is not positive.
        """
        spectrum = state.get("spectrum")
        if spectrum is None or tuple(spectrum.shape) != (self.side, self.side):
            raise ValueError(f"spectrum must be {self.side} × {self.side}")
        if not (spectrum > 0).all() or not torch.isfinite(spectrum).all():
            raise ValueError("spectrum must be positive and finite")
        self._take(spectrum.double())

    def _take(self, spectrum: Tensor) -> None:
        self._spectrum = spectrum.clamp(min=LEAST)
        # The images of a data set are mostly of one size.
        self._precision = lru_cache(maxsize=8)(self._at)
