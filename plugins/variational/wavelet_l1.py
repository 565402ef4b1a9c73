"""The absolute sum of wavelet coefficients."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pywt
import torch
from scipy.fft import next_fast_len
from torch import Tensor

from priorbench.numerics.reflection import reflected
from priorbench.priors import Context, Restoration
from priorbench.problem import Problem
from priorbench.types import Image

from .noise import reached_noise
from .variational import Variational

__all__ = ["Undecimated", "WaveletL1", "sparsest"]


class Undecimated:
    r"""Sᵀ, the wavelet coefficients of an image at all shifts, and S, with SSᵀ = I.

    The undecimated transform of an orthogonal wavelet, whose frame is tight, by Fourier transforms
    on a torus that is larger than the image; what lies outside the image is not known.

    Args:
        wavelet: name of an orthogonal wavelet.
        levels: scales.
        height: rows of the images.
        width: columns of the images.
        like: a tensor of the images' type.
    """

    def __init__(self, wavelet: str, levels: int, height: int, width: int, like: Tensor) -> None:
        self.height, self.width = height, width
        taps = pywt.Wavelet(wavelet).filter_bank[:2]
        # As far as the filters of all scales reach.
        reach = (len(taps[0]) - 1) * (2**levels - 1)
        self._sides = [next_fast_len(length + reach, real=True) for length in (height, width)]
        rows, columns = (_bands(side, taps, levels) for side in self._sides)
        half = self._sides[1] // 2 + 1
        columns = [(low[:half], high[:half]) for low, high in columns]
        bands = [rows[-1][0][:, None] * columns[-1][0]]
        for (low, high), (left, right) in zip(reversed(rows), reversed(columns), strict=True):
            bands += [a[:, None] * b for a, b in ((high, left), (low, right), (high, right))]
        self._responses = torch.from_numpy(np.stack(bands)).to(like.device, like.dtype.to_complex())
        scales = np.repeat(np.arange(levels, 0, -1), 3)
        self.prices = torch.from_numpy(np.append(0, 0.5**scales)).to(like)
        """The weight of each sub-band, 0 for the low-pass and 2^−j for the scale j.

        So weighted, the absolute sum is the mean over all shifts of that of the orthogonal wavelet
        coefficients: of those at the scale j, 2^j times as large as here, one in 4^j is kept.
        """

    def analysis(self, x: Image) -> Tensor:
        """Return Sᵀx, B × C × K × H' × W', the low-pass first and the finest scale last."""
        return self._coefficients(torch.fft.rfft2(x, s=self._sides))

    def continued(self, x: Image) -> Tensor:
        """Return coefficients of which S makes x, those of x continued by its reflections.

        Around an image there are no edges then, which Sᵀx has, where all outside is black.
        """
        for axis, side in zip((-2, -1), self._sides, strict=True):
            # Half of what lies beyond continues the end, half the beginning.
            after, odd = divmod(side - x.shape[axis], 2)
            before = after + odd
            x = reflected(x, axis, before, after).roll(-before, axis)
        return self._coefficients(torch.fft.rfft2(x))

    def synthesis(self, coefficients: Tensor) -> Image:
        """Return the image, Sc."""
        spectrum = (torch.fft.rfft2(coefficients) * self._responses.conj()).sum(2)
        image: Tensor = torch.fft.irfft2(spectrum, s=self._sides)
        return image[..., : self.height, : self.width]

    def _coefficients(self, spectrum: Tensor) -> Tensor:
        coefficients: Tensor = torch.fft.irfft2(
            spectrum[:, :, None] * self._responses, s=self._sides
        )
        return coefficients


def _bands(
    side: int, taps: Sequence[Sequence[float]], levels: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the low-pass and the high-pass of each scale along an axis, by frequency."""
    phases = -2j * np.pi * np.arange(side)[:, None] / side
    # Half of the energy of a signal is in every other of its coefficients.
    low_taps, high_taps = (np.array(each) / 2**0.5 for each in taps)
    before, bands = np.ones(side, complex), []
    for scale in range(levels):
        basis = np.exp(phases * (np.arange(len(low_taps)) << scale))
        bands.append((before * (basis @ low_taps), before * (basis @ high_taps)))
        before = bands[-1][0]
    return bands


class WaveletL1(Variational):
    r"""x̂ = Sĉ, ĉ = argmin_c ½‖HSc − y‖² + μ Σ 2^−j |c_j|,   μ = w σ √(tr HᵀH / N).

    S makes an image of wavelets at all shifts; see :class:`Undecimated`. FISTA: Beck & Teboulle
    2009, doi:10.1137/080716542, with a restart where it turns back: O'Donoghue & Candès 2015,
    doi:10.1007/s10208-013-9150-3. Ended early, which is part of the regularisation: in so
    redundant a frame the minimum is thousands of iterations away, and worse. Channels don't see
    each other.

    Args:
        weight: w; its best value depends on the number of iterations.
        wavelet: name of an orthogonal wavelet.
        levels: scales.
        iterations: the most iterations.
        tolerance: the root mean square of the last change of the image, in intensities.
    """

    def __init__(
        self, weight: float, wavelet: str, levels: int, iterations: int, tolerance: float
    ) -> None:
        self.weight, self.wavelet, self.levels = weight, wavelet, levels
        self.iterations, self.tolerance = iterations, tolerance

    def minimise(self, problem: Problem, context: Context) -> Restoration:
        """Return the image of the minimiser, or of the last iterate."""
        _, height, width = problem.image_shape
        frame = Undecimated(self.wavelet, self.levels, height, width, problem.y)
        weight = self.weight * reached_noise(problem)
        for iteration, (c, change) in enumerate(sparsest(problem, frame, weight), 1):
            context.progress(iteration / self.iterations)
            if change <= self.tolerance or iteration == self.iterations:
                break
            if context.time_left() < 0:
                return Restoration(frame.synthesis(c), timed_out=True)
        return Restoration(frame.synthesis(c))


def sparsest(problem: Problem, frame: Undecimated, weight: float) -> Iterator[tuple[Tensor, float]]:
    r"""Yield the iterates of FISTA for argmin_c ½‖HSc − y‖² + μ Σ prices |c|.

    With each comes the root mean square of the change of its image.

    Args:
        problem: y and H.
        frame: S and the prices of the sub-bands.
        weight: μ.
    """
    operator, y = problem.operator, problem.y
    # ‖HS‖ ≤ ‖H‖.
    step = 1 / max(operator.norm(), 1e-6) ** 2
    threshold = step * weight * frame.prices[:, None, None]
    c = ahead = frame.continued(problem.estimate())
    momentum = 1.0
    while True:
        error = operator.forward(frame.synthesis(ahead)) - y
        moved = ahead - step * frame.analysis(operator.adjoint(error))
        found = moved.sign() * (moved.abs() - threshold).clamp(min=0)
        if float(((ahead - found) * (found - c)).sum()) > 0:
            momentum = 1.0
        following = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
        ahead = found + (momentum - 1) / following * (found - c)
        change = float(frame.synthesis(found - c).square().mean().sqrt())
        c, momentum = found, following
        yield c, change
