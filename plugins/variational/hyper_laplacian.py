"""Hyper-Laplacian gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.priors import Context, Restoration
from priorbench.problem import Problem
from priorbench.solvers.continuation import geometric

from .differences import divergence, gradient
from .noise import reached_noise
from .quadratic import Smoothing
from .variational import Variational

__all__ = ["HyperLaplacian", "shrink"]

NEWTON_STEPS = 8
CG_STEPS = 60


class HyperLaplacian(Variational):
    r"""argmin_x ½‖Hx − y‖² + μ Σ (|D₁x|^α + |D₂x|^α),   μ = w σ √(tr HᵀH / N).

    Krishnan & Fergus 2009, "Fast image deconvolution using hyper-Laplacian priors": half-quadratic
    splitting with v ≈ ∇x, where κ grows,

        v = argmin_v μ|v|^α + κ/2 (v − Dx)²,   x = argmin_x ½‖Hx − y‖² + κ/2 ‖∇x − v‖².

    Not convex for α < 1. Channels don't see each other.

    Args:
        weight: w.
        exponent: α, 0 < α ≤ 1; of natural images 0.5 to 0.8.
        steps: values of κ.
        first: κ/μ of the first step.
        last: κ/μ of the last.
    """

    def __init__(
        self, weight: float, exponent: float, steps: int, first: float, last: float
    ) -> None:
        self.weight, self.exponent = weight, exponent
        self.ratios = geometric(first, last, steps)

    def minimise(self, problem: Problem, context: Context) -> Restoration:
        """Return the image after the last step, or at the deadline."""
        mu = self.weight * reached_noise(problem)
        smoothing = Smoothing(problem.operator, problem.y, CG_STEPS)
        seen = problem.operator.adjoint(problem.y)
        x = problem.estimate()
        for step, ratio in enumerate(self.ratios, 1):
            v = shrink(gradient(x), ratio, self.exponent)
            x = smoothing.solve(seen + mu * ratio * divergence(v), mu * ratio, x)
            context.progress(step / len(self.ratios))
            if context.time_left() < 0 and step < len(self.ratios):
                return Restoration(x, timed_out=True)
        return Restoration(x)


def shrink(v: Tensor, ratio: float, exponent: float) -> Tensor:
    r"""Return argmin_u |u|^α + β/2 (u − v)² for each number.

    It is 0 up to |v| = (2 − α)/(2 − 2α) · (2(1 − α)/β)^(1/(2 − α)), for α = 1 up to 1/β; beyond
    that the larger root of u + α/β u^(α − 1) = |v|, to which Newton's method falls from u = |v|, as
    the left side is convex. Krishnan & Fergus have closed forms for α = 1/2 and 2/3; this is any α.

    Args:
        v: of any shape.
        ratio: β > 0.
        exponent: α, 0 < α ≤ 1.
    """
    if exponent == 1:
        return v.sign() * (v.abs() - 1 / ratio).clamp(min=0)
    threshold = (
        (2 - exponent) / (2 - 2 * exponent) * (2 * (1 - exponent) / ratio) ** (1 / (2 - exponent))
    )
    size = v.abs()
    # Numbers that become 0 need only be safe to raise to a power.
    u = size.clamp(min=threshold)
    target = u
    for _ in range(NEWTON_STEPS):
        slope = exponent / ratio * u ** (exponent - 1)
        u = u - (u + slope - target) / (1 + (exponent - 1) * slope / u)
    return torch.where(size > threshold, v.sign() * u, torch.zeros_like(v))
