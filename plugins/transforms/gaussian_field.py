"""Images as a stationary Gaussian field."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from priorbench.priors import Context, Prior, Restoration
from priorbench.problem import Problem
from priorbench.solvers.gaussian import gaussian_mean, gaussian_sample
from priorbench.types import Image


class GaussianField(Prior):
    """p(x) ∝ exp(−Σ_f |x̂_f|² / 2S_f) with a spectrum S and a free mean.

    Args:
        iterations: the most steps of conjugate gradients.
    """

    def __init__(self, iterations: int) -> None:
        self.iterations = iterations

    @abstractmethod
    def precision(self, height: int, width: int) -> Tensor:
        """Return 1/S_f on the grid of ``torch.fft.rfft2``, 0 for the mean."""

    @torch.no_grad()
    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return the mean of the posterior, to a relative residual of 10⁻⁷.

        Raises:
            NotApplicable: the problem has no linear operator.
        """
        precision = self.precision(*problem.image_shape[1:])
        x = gaussian_mean(problem, precision, self.iterations)
        context.progress(1.0)
        return Restoration(x)

    @torch.no_grad()
    def posterior_sample(self, problem: Problem, context: Context) -> Image:
        """Return a draw from the posterior, which is Gaussian.

        Raises:
            NotApplicable: the problem has no linear operator.
        """
        precision = self.precision(*problem.image_shape[1:])
        return gaussian_sample(problem, precision, self.iterations, context.generator)
