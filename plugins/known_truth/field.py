"""The Gaussian field whose posterior is known."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.solvers.gaussian import gaussian_mean, gaussian_sample
from priorbench.types import Image

MEAN = 0.5
DEVIATION = 0.1
"""Of a pixel: five times less than its distance to black and white, where values are clipped."""
CORNER = 0.02
"""Frequency in cycles per pixel below which the spectrum is flat."""
ITERATIONS = 2000
TOLERANCE = 1e-9


class GaussianLaw:
    """x = ½ + u with a stationary field u on the torus, S_f ∝ 1 / (|f|² + c²)."""

    def draw(self, side: int, generator: torch.Generator) -> Tensor:
        """Return an image, side × side, in float64."""
        noise = torch.randn(side, side, generator=generator, dtype=torch.float64)
        root = self.precision(side, side).rsqrt()
        drawn: Tensor = torch.fft.irfft2(torch.fft.rfft2(noise) * root, s=(side, side))
        return MEAN + drawn

    def mean(self, problem: Problem, context: Context) -> Image:
        """Return E[x | y], to a relative residual of 10⁻⁹."""
        centred = _centred(problem)
        precision = self.precision(*problem.image_shape[1:])
        return MEAN + gaussian_mean(centred, precision, ITERATIONS, TOLERANCE)

    def sample(self, problem: Problem, context: Context) -> Image:
        """Return a draw of x given y."""
        centred = _centred(problem)
        precision = self.precision(*problem.image_shape[1:])
        return MEAN + gaussian_sample(centred, precision, ITERATIONS, context.generator, TOLERANCE)

    def precision(self, height: int, width: int) -> Tensor:
        """Return 1/S_f on the grid of ``torch.fft.rfft2``, in float64."""
        rows = torch.fft.fftfreq(height, dtype=torch.float64)
        columns = torch.fft.fftfreq(width, dtype=torch.float64)
        shape = 1 / (rows[:, None].square() + columns.square() + CORNER**2)
        # The variance of a pixel is the mean of the spectrum.
        spectrum = DEVIATION**2 / shape.mean() * shape
        half: Tensor = spectrum[:, : width // 2 + 1]
        return half.reciprocal()


def _centred(problem: Problem) -> Problem:
    """Return the problem of u = x − ½, in float64."""
    operator = problem.operator.to(dtype=torch.float64)
    gray = torch.full((1, *problem.image_shape), MEAN, dtype=torch.float64)
    y = problem.y.double() - operator.forward(gray.to(problem.y.device))
    return Problem(operator.restrict(y), operator, problem.sigma)
