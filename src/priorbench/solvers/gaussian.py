"""Images as a stationary Gaussian field: the posterior is Gaussian, its mean the Wiener filter."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.operators import conjugate_gradients
from priorbench.problem import Problem
from priorbench.solvers.split_gibbs import white_noise
from priorbench.types import Image, Observation

__all__ = ["gaussian_mean", "gaussian_sample"]

TOLERANCE = 1e-7
"""Missing pixels weigh a millionth of known ones without noise: 10⁻⁵ ends too early for them."""


def gaussian_mean(
    problem: Problem, precision: Tensor, iterations: int, tolerance: float = TOLERANCE
) -> Image:
    r"""Return argmin_x ‖Hx − y‖² / 2σ² + Σ_f |x̂_f|² / 2S_f with the unitary Fourier transform x̂.

    It is the mean of the posterior. For a circular blur it is the Wiener filter; for any other H
    it is found by conjugate gradients. Channels are independent. σ is at least
    :data:`.NOISE_FLOOR`.

    Args:
        problem: any linear problem with Gaussian noise.
        precision: 1/S_f on the grid of ``torch.fft.rfft2``; 0 leaves a coefficient free.
        iterations: the most steps of conjugate gradients.
        tolerance: the relative residual at which they end.

    Raises:
        NotApplicable: the problem has no linear operator.
    """
    nothing = problem.y.new_zeros(len(problem.y), *problem.image_shape)
    return _solve(problem, problem.y, nothing, precision, iterations, tolerance)


def gaussian_sample(
    problem: Problem,
    precision: Tensor,
    iterations: int,
    generator: torch.Generator,
    tolerance: float = TOLERANCE,
) -> Image:
    r"""Return a draw from the posterior of :func:`gaussian_mean`.

    By perturbation and optimisation: with noise added to y, and S^(−1/2) times white noise to the
    right-hand side of the normal equations, their solution is a draw (Orieux, Féron & Giovannelli
    2012, doi:10.1109/LSP.2011.2181165).

    Args:
        problem: any linear problem with Gaussian noise.
        precision: see :func:`gaussian_mean`.
        iterations: the most steps of conjugate gradients.
        generator: of the noise.
        tolerance: the relative residual at which they end.

    Raises:
        NotApplicable: the problem has no linear operator.
    """
    sigma = max(problem.sigma, NOISE_FLOOR)
    y = problem.y + sigma * white_noise(problem.y, generator)
    noise = white_noise(problem.y.new_zeros(len(problem.y), *problem.image_shape), generator)
    right = _filter(noise, precision.sqrt())
    return _solve(problem, y, right, precision, iterations, tolerance)


def _solve(
    problem: Problem,
    y: Observation,
    right: Image,
    precision: Tensor,
    iterations: int,
    tolerance: float,
) -> Image:
    """Return x with (HᵀH/σ² + S⁻¹) x = Hᵀy/σ² + ``right``."""
    operator = problem.operator
    fidelity = max(problem.sigma, NOISE_FLOOR) ** -2
    gain = fidelity * operator.norm() ** 2

    def normal(x: Image) -> Image:
        return fidelity * operator.adjoint(operator.forward(x)) + _filter(x, precision)

    return conjugate_gradients(
        normal,
        fidelity * operator.adjoint(y) + right,
        start=problem.estimate(),
        precondition=lambda r: _filter(r, 1 / (gain + precision)),
        tolerance=tolerance,
        iterations=iterations,
    )


def _filter(x: Tensor, response: Tensor) -> Tensor:
    filtered: Tensor = torch.fft.irfft2(torch.fft.rfft2(x) * response, s=x.shape[-2:])
    return filtered
