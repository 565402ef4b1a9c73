"""Second-order total generalised variation."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.priors import Context, Restoration
from priorbench.problem import Problem

from .differences import COLUMNS, ROWS, derivative, divergence, gradient, transposed
from .noise import reached_noise
from .primal_dual import Regulariser, minimise
from .total_variation import into_balls
from .variational import Variational

__all__ = ["SecondOrder", "TotalGeneralisedVariation"]


class SecondOrder(Regulariser):
    r"""R(x) = min_v Σ |∇x − v| + α Σ |Ev|, Ev = ½(∇v + ∇vᵀ) the symmetrised derivative.

    The fields are x, v₁, v₂, of which v is compared with the differences that there are: those
    across the border would bend the gradient of an affine image. Of Ev the entries 11, 22 and √2 ·
    12 are kept, so that the length of the vector is that of the matrix.

    Args:
        bending: α.
    """

    fields = 3
    # (17 + √33) / 2, from ‖∇‖² ≤ 8 and ‖E‖² ≤ 8.
    squared_norm = 11.4

    def __init__(self, bending: float) -> None:
        self.bending = bending

    def forward(self, z: Tensor) -> Tensor:
        """Return ∇x − v and Ev, 5 × B × C × H × W."""
        x, v = z[0], z[1:]
        bent = (
            derivative(v[0], ROWS),
            derivative(v[1], COLUMNS),
            (derivative(v[0], COLUMNS) + derivative(v[1], ROWS)) / 2**0.5,
        )
        return torch.cat((gradient(x) - _inside(v), torch.stack(bent)))

    def adjoint(self, p: Tensor) -> Tensor:
        """Return Kᵀp."""
        slope, mixed = p[:2], p[4] / 2**0.5
        v = torch.stack(
            (
                transposed(p[2], ROWS) + transposed(mixed, COLUMNS),
                transposed(p[3], COLUMNS) + transposed(mixed, ROWS),
            )
        )
        return torch.cat((divergence(slope)[None], v - _inside(slope)))

    def project(self, p: Tensor, weight: float) -> Tensor:
        """Return both parts, shortened to μ and αμ where they are longer."""
        slope, bent = p[:2], p[2:]
        return torch.cat(
            (
                into_balls(slope, slope.square().sum(0).sqrt_(), weight),
                into_balls(bent, bent.square().sum(0).sqrt_(), self.bending * weight),
            )
        )

    def value(self, z: Tensor) -> float:
        """Return Σ |∇x − v| + α Σ |Ev|."""
        p = self.forward(z)
        lengths = p[:2].square().sum(0).sqrt() + self.bending * p[2:].square().sum(0).sqrt()
        return float(lengths.sum())


class TotalGeneralisedVariation(Variational):
    r"""argmin_x,v ½‖Hx − y‖² + μ (Σ|∇x − v| + α Σ|Ev|),   μ = w σ √(tr HᵀH / N).

    Bredies, Kunisch & Pock 2010, doi:10.1137/090769521, second order. Channels don't see each
    other.

    Args:
        weight: w.
        bending: α, the price of a change of slope against that of a step.
        iterations: the most iterations.
        tolerance: the length of the last step, in intensities.
    """

    def __init__(self, weight: float, bending: float, iterations: int, tolerance: float) -> None:
        self.weight, self.bending = weight, bending
        self.iterations, self.tolerance = iterations, tolerance

    def minimise(self, problem: Problem, context: Context) -> Restoration:
        """Return the minimiser, or the last iterate."""
        operator, y = problem.operator, problem.y
        solution = minimise(
            lambda v, tau: operator.data_step(y, v, 1.0, 1 / tau),
            SecondOrder(self.bending),
            self.weight * reached_noise(problem),
            problem.estimate(),
            iterations=self.iterations,
            tolerance=self.tolerance,
            time_left=context.time_left,
            progress=context.progress,
        )
        return Restoration(solution.image, timed_out=solution.timed_out)


def _inside(v: Tensor) -> Tensor:
    """Return v, zero where a difference would go across the border."""
    result = v.clone()
    result[0, ..., -1, :] = 0
    result[1, ..., :, -1] = 0
    return result
