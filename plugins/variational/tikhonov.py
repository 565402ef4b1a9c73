"""Tikhonov's regularisation: the squared gradient."""

from __future__ import annotations

from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.priors import Context, Restoration
from priorbench.problem import Problem

from .quadratic import Smoothing
from .variational import Variational

__all__ = ["Tikhonov"]


class Tikhonov(Variational):
    r"""argmin_x ½‖Hx − y‖² + ½ (σ/c)² ‖∇x‖².

    The MAP estimate of an image whose differences are independent and normal with the standard
    deviation c. Of images: Hunt 1973, doi:10.1109/TC.1973.5009169. Solved by
    conjugate gradients. Channels don't see each other. σ is at least :data:`.NOISE_FLOOR`.

    Args:
        contrast: c, on [0, 1].
        iterations: the most steps of conjugate gradients.
    """

    def __init__(self, contrast: float, iterations: int) -> None:
        self.contrast, self.iterations = contrast, iterations

    def minimise(self, problem: Problem, context: Context) -> Restoration:
        """Return the minimiser, to a relative residual of 10⁻⁵."""
        smoothing = Smoothing(problem.operator, problem.y, self.iterations)
        smoothness = (max(problem.sigma, NOISE_FLOOR) / self.contrast) ** 2
        x = smoothing.solve(problem.operator.adjoint(problem.y), smoothness, problem.estimate())
        context.progress(1.0)
        return Restoration(x)
