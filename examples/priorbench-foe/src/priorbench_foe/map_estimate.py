"""The MAP estimate of patches under a field of experts, by majorise-minimise."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from priorbench.types import Patches

from .experts import Experts


def map_estimate(
    experts: Experts, patches: Patches, noise_variance: float, steps: int, inner_steps: int
) -> Patches:
    r"""Return a local minimum of E(z) = Σₖ αₖ log(1 + (wₖᵀz)²/2) + ‖z − x‖²/2s, begun at z = x.

    With κ of :meth:`.Experts.curvatures` at the present z, the quadratic function

        Q(z) = Σₖ κₖ (wₖᵀz)²/2 + ‖z − x‖²/2s + constant

    majorises E and touches it there. Conjugate gradients on (I + s WᵀκW) z = x lower Q from the
    present z, so E never rises; they need not reach Q's minimum. Black & Rangarajan 1996,
    doi:10.1007/BF00131148; Hunter & Lange 2004, doi:10.1198/0003130042836.

    Args:
        experts: α and W.
        patches: x, n × D.
        noise_variance: s, at least 0.
        steps: how often Q is set up again.
        inner_steps: steps of conjugate gradients for each Q.
    """
    filters = experts.filters.to(patches)
    z = patches.clone()
    for _ in range(steps):
        curvatures = experts.curvatures(z @ filters.mT)

        def normal(v: Tensor, curvatures: Tensor = curvatures) -> Tensor:
            return v + noise_variance * ((curvatures * (v @ filters.mT)) @ filters)

        z = conjugate_gradients(normal, patches, z, inner_steps)
    return z


def conjugate_gradients(
    matrix: Callable[[Tensor], Tensor], right: Tensor, start: Tensor, steps: int
) -> Tensor:
    """Return an approximate solution of a symmetric positive definite system for each row.

    Args:
        matrix: applies each row's matrix to it.
        right: the right-hand sides, n × D.
        start: where to begin, n × D.
        steps: how many.
    """
    tiny = torch.finfo(right.dtype).tiny
    z = start
    residual = right - matrix(z)
    direction = residual
    squared = residual.square().sum(1, keepdim=True)
    for _ in range(steps):
        turned = matrix(direction)
        # A row that is solved has no direction left, and stays where it is.
        length = squared / (direction * turned).sum(1, keepdim=True).clamp(min=tiny)
        z = z + length * direction
        residual = residual - length * turned
        before, squared = squared, residual.square().sum(1, keepdim=True)
        direction = residual + squared / before.clamp(min=tiny) * direction
    return z
