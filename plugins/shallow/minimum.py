"""The image that is most likely given a noisy one, and how it follows the experts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from priorbench.operators import conjugate_gradients
from priorbench.types import Planes

from .experts import Experts

__all__ = ["minimiser", "moved"]


@torch.no_grad()
def minimiser(
    experts: Experts, y: Planes, strength: Tensor, steps: int, tolerance: float
) -> Planes:
    r"""Return a local minimum of J(x) = ½‖x − y‖² + c E(x), sought from y.

    Each step minimises the parabola above J in the plane of the gradient and the last step, as in
    Chouzenoux, Idier & Moussaoui 2011, doi:10.1109/TIP.2010.2103083. So J never rises, no length
    of a step has to be sought, and the filters are applied once to the gradient and once backwards.

    Args:
        experts: of E.
        y: B × H × W.
        strength: c, B.
        steps: the most steps.
        tolerance: it ends when the mean square of a step of every plane is less than its square.
    """
    c = strength[:, None, None, None]
    x, responses = y.clone(), experts.responses(y)
    step, moves = torch.zeros_like(x), torch.zeros_like(responses)
    for _ in range(steps):
        weights = c * experts.weights(responses)
        gradient = x - y + experts.adjoint(weights * responses)
        slopes = experts.responses(gradient)
        # The parabola along both directions: a matrix of 2 × 2 for each plane.
        weighted = weights * slopes
        a = _dot(gradient, gradient) + _dot(slopes, weighted)
        b = _dot(gradient, step) + _dot(moves, weighted)
        d = _dot(step, step) + _dot(moves.square(), weights)
        along, back = _dot(gradient, gradient), _dot(step, gradient)
        first, second = _lowest(a, b, d, along, back)
        step = step.mul_(second).sub_(first * gradient)
        moves = moves.mul_(second[..., None]).sub_(first[..., None] * slopes)
        x, responses = x.add_(step), responses.add_(moves)
        if float(step.square().mean((1, 2)).max()) < tolerance**2:
            break
    return x


def _dot(one: Tensor, other: Tensor) -> Tensor:
    """Return the product of each plane or stack of maps with the other one, B × 1 × 1."""
    products: Tensor = torch.linalg.vecdot(one.flatten(1), other.flatten(1))
    return products[:, None, None]


def _lowest(a: Tensor, b: Tensor, d: Tensor, along: Tensor, back: Tensor) -> tuple[Tensor, Tensor]:
    """Return u and v at the lowest point of a parabola along −u g + v s.

    Args:
        a: its curvature along the gradient g.
        b: between g and the last step s.
        d: along s.
        along: ⟨g, g⟩.
        back: ⟨s, g⟩.
    """
    determinant = a * d - b.square()
    # The first step, and directions that rounding makes parallel, leave the gradient alone.
    alone = determinant <= 1e-6 * a * d
    safe = torch.where(alone, torch.ones_like(a), determinant)
    steepest = along / a.clamp(min=torch.finfo(a.dtype).tiny)
    first = torch.where(alone, steepest, (d * along - b * back) / safe)
    second = torch.where(alone, torch.zeros_like(a), (b * along - a * back) / safe)
    return first, second


def moved(experts: Experts, x: Planes, y: Planes, strength: Tensor, steps: int) -> Planes:
    r"""Return x, a minimum of J, with the derivative that it has as a function of all else.

    At the minimum G = x − y + c ∇E(x) = 0, so dx = −(∂G/∂x)⁻¹ dG, where dG is what the experts, c
    and y change of G: implicit differentiation, Samuel & Tappen 2009,
    doi:10.1109/CVPR.2009.5206774. Nothing of the way to the minimum is kept.

    Args:
        experts: of E; filters and exponents may require derivatives.
        x: where :func:`minimiser` ended.
        y: B × H × W.
        strength: c, B.
        steps: of conjugate gradients at most.
    """
    c = strength[:, None, None]
    with torch.no_grad():
        bends = c[..., None] * experts.slope_changes(experts.responses(x))

    def hessian(v: Tensor) -> Tensor:
        return v + experts.adjoint(bends * experts.responses(v))

    def solve(right: Tensor) -> Tensor:
        return conjugate_gradients(
            hessian,
            right,
            start=torch.zeros_like(right),
            precondition=lambda r: r,
            tolerance=1e-10 if right.dtype == torch.float64 else 1e-3,
            iterations=steps,
        )

    slope = x - y + c * experts.gradient(x)
    return _follow(slope, x, solve)


class _Minimum(Function):
    """x as a function of the slope there."""

    @staticmethod
    def forward(ctx: Any, slope: Tensor, x: Tensor, solve: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.solve = solve
        return x.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = gradients
        return -ctx.solve(gradient), None, None


_follow: Callable[..., Tensor] = _Minimum.apply
