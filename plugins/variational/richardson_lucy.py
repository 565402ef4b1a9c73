"""Richardson–Lucy with total variation."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench import NotApplicable
from priorbench.operators import LinearOperator
from priorbench.priors import Context, Prior, Restoration
from priorbench.problem import Problem

from .noise import gain
from .primal_dual import Solution, minimise
from .total_variation import LengthOfGradient

__all__ = ["RichardsonLucyTV", "require_non_negative"]

PROBES = 4
FLOOR = 1e-3
"""Least intensity that a step divides by, as a part of the mean: 0 would stay 0 for ever."""


class RichardsonLucyTV(Prior):
    r"""argmin_x ≥ 0 Σ (Hx − y log Hx) + λ Σ|∇x|,   λ = w √(tr HᵀH / N) / √(peak · ȳ).

    The objective of Dey et al. 2006, doi:10.1002/jemt.20294: Poisson noise and total variation.
    Their step divides by Hᵀ1 − λ div ∇x/|∇x|, which has to be positive and ∇x not 0, so that λ must
    be small. Here each step of Richardson and Lucy,

        x½ = x/Hᵀ1 ⊙ Hᵀ(y / Hx),   x ← argmin_z ½ Σ Hᵀ1/x (z − x½)² + λ Σ|∇z|,

    is followed by a weighted total variation, as Brune, Sawatzky & Burger 2011,
    doi:10.1007/s11263-010-0339-5, do: it has the same fixed points, for every λ. Without λ it is
    the iteration of Richardson 1972, doi:10.1364/JOSA.62.000055, and Lucy 1974, doi:10.1086/111605.
    Channels don't see each other.

    Args:
        weight: w.
        iterations: the most steps.
        inner: the most iterations of the total variation in each.
        tolerance: the root mean square of the last change, as a part of the mean intensity.
    """

    def __init__(self, weight: float, iterations: int, inner: int, tolerance: float) -> None:
        self.weight, self.iterations = weight, iterations
        self.inner, self.tolerance = inner, tolerance

    @torch.no_grad()
    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return the minimiser, or the last iterate.

        Raises:
            NotApplicable: the noise is not Poisson noise, or H is unknown or has negative entries.
        """
        operator, y = problem.operator, problem.y.clamp(min=0)
        if problem.peak is None:
            raise NotApplicable("needs Poisson noise, and the noise of this problem is Gaussian")
        require_non_negative(operator, y)
        level = float(y.mean())
        x = torch.full_like(problem.estimate(), level)
        if level == 0:
            return Restoration(x)
        weight = self.weight * gain(operator, y) / (problem.peak * level) ** 0.5
        sensitivity = operator.adjoint(torch.ones_like(y))
        solution: Solution | None = None
        for step in range(1, self.iterations + 1):
            before = x
            blurred = operator.forward(x)
            ratio = torch.where(blurred > 0, y / blurred, torch.zeros_like(y))
            x = torch.where(
                sensitivity > 0, x / sensitivity * operator.adjoint(ratio), torch.zeros_like(x)
            )
            if weight > 0:
                trust = sensitivity / before.clamp(min=FLOOR * level)
                solution = self._smooth(x, trust, weight, level, solution)
                x = solution.image.clamp(min=0)
            context.progress(step / self.iterations)
            if (x - before).square().mean().sqrt() <= self.tolerance * level:
                break
            if context.time_left() < 0 and step < self.iterations:
                return Restoration(x, timed_out=True)
        return Restoration(x)

    def _smooth(
        self, x: Tensor, trust: Tensor, weight: float, level: float, before: Solution | None
    ) -> Solution:
        """Return argmin_z ½ Σ trust (z − x)² + λ Σ|∇z|, begun with the last solution."""
        return minimise(
            lambda v, tau: (v + tau * trust * x) / (1 + tau * trust),
            LengthOfGradient(),
            weight,
            before or x,
            iterations=self.inner,
            tolerance=self.tolerance * level,
        )


def require_non_negative(operator: LinearOperator, like: Tensor) -> None:
    """Raise NotApplicable if H has negative entries, as far as random signs show.

    H ≥ 0 means |Hs| ≤ H1 for every s of ±1.

    Args:
        operator: H.
        like: a tensor on the device of the images, of their precision.
    """
    shape = (1, *operator.image_shape)
    most = operator.forward(like.new_ones(shape))
    generator = torch.Generator().manual_seed(0)
    for _ in range(PROBES):
        signs = torch.randint(0, 2, shape, generator=generator).to(like) * 2 - 1
        excess = operator.forward(signs).abs() - most
        # Fourier transforms round.
        if float(excess.max()) > 1e-4 * max(float(most.abs().max()), 1e-30):
            raise NotApplicable(
                f"needs an operator without negative entries, and {operator.name} has some"
            )
