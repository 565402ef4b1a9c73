"""The MAP estimate of a patch where the axes are not orthonormal."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from .marginals import Marginals
from .shrinkage import Shrinkage

GROWTH = 3.0
PENALTIES = tuple(GROWTH**k for k in range(4))
"""Of the constraint, as multiples of 1/s."""


def admm(
    axes: Tensor, marginals: Marginals, noise_variance: float, steps: int, dtype: torch.dtype
) -> Callable[[Tensor], Tensor]:
    r"""Return the MAP estimator x ↦ argmin_z Σᵢ −log pᵢ(aᵢᵀz) + ‖z − x‖²/2s, without the means.

    Splits v = Az from z and starts at z = x. With the penalty ρ/s,

        v ← argmin_v −log p(v) + ρ‖v − (Az + w)‖²/2s,    coordinate by coordinate
        w ← w + Az − v
        z ← (I + ρAᵀA)⁻¹ (x + ρAᵀ(v − w))

    The densities are not log-concave, so this ends in a local minimum. A penalty that grows finds
    lower ones than any fixed one. Boyd et al. 2011, doi:10.1561/2200000016.

    Args:
        axes: A, d × D.
        marginals: pᵢ, of d coordinates.
        noise_variance: s > 0.
        steps: steps at each of the four penalties.
        dtype: of the patches, D × n.
    """
    # The constraint on the mean: a patch and the patch without its mean have the same coordinates.
    axes = axes - axes.mean(1, keepdim=True)
    stages = []
    for penalty in PENALTIES:
        solution = torch.linalg.inv(
            torch.eye(axes.shape[1], dtype=axes.dtype) + penalty * axes.mT @ axes
        )
        matrices = [each.to(dtype) for each in (solution, penalty * solution @ axes.mT)]
        stages.append((Shrinkage(marginals, noise_variance / penalty, dtype), *matrices))
    analysis = axes.to(dtype)

    def estimate(x: Tensor) -> Tensor:
        z, w = x, x.new_zeros(len(analysis), x.shape[1])
        for shrink, data, back in stages:
            w /= GROWTH  # The dual variable is ρw/s.
            fixed = data @ x
            for _ in range(steps):
                w.addmm_(analysis, z)
                v = shrink(w)
                w -= v
                z = torch.addmm(fixed, back, v.sub_(w))
        return z

    return estimate
