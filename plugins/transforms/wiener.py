"""The Wiener filter: natural images as a Gaussian field with the spectrum of nature."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.operators import conjugate_gradients
from priorbench.priors import Context, Prior, Restoration
from priorbench.problem import Problem
from priorbench.types import AnyImage, Image


class Wiener(Prior):
    r"""argmin_x ‖Hx − y‖² / 2σ² + Σ_f |x̂_f|² / 2S_f with S_f = a/|f|².

    x̂ is the unitary Fourier transform.

    Natural images have such spectra: Field 1987, doi:10.1364/JOSAA.4.002379. The mean is free. For
    a circular blur this is the Wiener filter; for any other H it is found by conjugate gradients.
    Channels are restored one by one. σ is at least :data:`.NOISE_FLOOR`.

    Args:
        amplitude: a, for images on [0, 1] and f in cycles per pixel.
        iterations: the most steps of conjugate gradients.
    """

    def __init__(self, amplitude: float, iterations: int) -> None:
        self.amplitude, self.iterations = amplitude, iterations

    @torch.no_grad()
    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return the minimiser, to a relative residual of 10⁻⁵.

        Raises:
            NotApplicable: the problem has no linear operator.
        """
        operator, y = problem.operator, problem.y
        fidelity = max(problem.sigma, NOISE_FLOOR) ** -2
        precision = self.precision(*problem.image_shape[1:])
        gain = fidelity * operator.norm() ** 2

        def normal(x: Image) -> Image:
            return fidelity * operator.adjoint(operator.forward(x)) + _filter(x, precision)

        x = conjugate_gradients(
            normal,
            fidelity * operator.adjoint(y),
            start=problem.estimate(),
            precondition=lambda r: _filter(r, 1 / (gain + precision)),
            tolerance=1e-5,
            iterations=self.iterations,
        )
        context.progress(1.0)
        return Restoration(x)

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


def _filter(x: Tensor, response: Tensor) -> Tensor:
    filtered: Tensor = torch.fft.irfft2(torch.fft.rfft2(x) * response, s=x.shape[-2:])
    return filtered
