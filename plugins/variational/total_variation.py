"""Total variation."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.priors import Context, Restoration
from priorbench.problem import Problem

from .differences import divergence, gradient
from .noise import reached_noise
from .primal_dual import Regulariser, minimise
from .variational import Variational

__all__ = ["LengthOfGradient", "TotalVariation", "into_balls"]


class LengthOfGradient(Regulariser):
    """R(x) = Σᵢ |∇x|ᵢ, the length of the gradient of each channel, summed."""

    squared_norm = 8.0

    def forward(self, z: Tensor) -> Tensor:
        """Return ∇x."""
        return gradient(z[0])

    def adjoint(self, p: Tensor) -> Tensor:
        """Return ∇ᵀp."""
        return divergence(p)[None]

    def project(self, p: Tensor, weight: float) -> Tensor:
        """Return p, shortened to the weight where it is longer."""
        return into_balls(p, p.square().sum(0).sqrt_(), weight)

    def value(self, z: Tensor) -> float:
        """Return Σ |∇x|."""
        return float(self.forward(z).square().sum(0).sqrt().sum())


class TotalVariation(Variational):
    r"""argmin_x ½‖Hx − y‖² + μ Σ|∇x|,   μ = w σ √(tr HᵀH / N).

    Rudin, Osher & Fatemi 1992, doi:10.1016/0167-2789(92)90242-F, by the iteration of
    :func:`.primal_dual.minimise`. Channels don't see each other.

    Args:
        weight: w.
        iterations: the most iterations.
        tolerance: the length of the last step, in intensities.
    """

    def __init__(self, weight: float, iterations: int, tolerance: float) -> None:
        self.weight, self.iterations, self.tolerance = weight, iterations, tolerance

    def minimise(self, problem: Problem, context: Context) -> Restoration:
        """Return the minimiser, or the last iterate."""
        operator, y = problem.operator, problem.y
        solution = minimise(
            lambda v, tau: operator.data_step(y, v, 1.0, 1 / tau),
            LengthOfGradient(),
            self.weight * reached_noise(problem),
            problem.estimate(),
            iterations=self.iterations,
            tolerance=self.tolerance,
            time_left=context.time_left,
            progress=context.progress,
        )
        return Restoration(solution.image, timed_out=solution.timed_out)


def into_balls(p: Tensor, length: Tensor, radius: float) -> Tensor:
    """Return p divided by what its length exceeds the radius by."""
    return p / torch.clamp(length / radius, min=1)
