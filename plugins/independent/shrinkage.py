"""The MAP estimate of one coordinate under white noise, as a table for each coordinate."""

from __future__ import annotations

import torch
from torch import Tensor

from .marginals import Marginals

CELLS = 1024
"""Cells of a table in |v|; they widen with √|v|, to resolve the narrow Gaussians."""
CANDIDATES = 256
REACH = 8.0
"""Standard deviations of the widest Gaussian from which on estimates are extrapolated linearly."""
NEWTON_STEPS = 8


class Shrinkage:
    r"""v ↦ argmax_z log pᵢ(z) − (z − v)²/2s, interpolated linearly from a table.

    The estimate is odd in v, and z = v / (1 + s q(z)) with q(z) = Σⱼ P(j | z) / σⱼ². The table is
    the global maximum: the best of many candidates, then Newton's method next to it.

    Args:
        marginals: of d coordinates.
        noise_variance: s > 0.
        dtype: of the values.
    """

    def __init__(self, marginals: Marginals, noise_variance: float, dtype: torch.dtype) -> None:
        largest = marginals.variances.amax(1)
        limit = REACH * largest.sqrt()
        reach = limit * (1 + noise_variance / largest)
        grid = torch.linspace(0, 1, CELLS + 1, dtype=torch.float64).square()
        v = reach[:, None] * grid
        z = _estimates(marginals, v, limit, noise_variance)
        slope = z.diff(dim=1) / v.diff(dim=1)
        self._slope = slope.to(dtype)
        self._intercept = (z[:, :-1] - slope * v[:, :-1]).to(dtype)
        self._scale = (CELLS**2 / reach)[:, None].to(dtype)

    def __call__(self, values: Tensor) -> Tensor:
        """Return the estimates of ``values``, d × n."""
        cell = (values.abs() * self._scale).sqrt_().clamp_(max=CELLS - 1).long()
        intercept = self._intercept.gather(1, cell).mul_(values.sign())
        return intercept.addcmul_(self._slope.gather(1, cell), values)


def _estimates(marginals: Marginals, v: Tensor, limit: Tensor, noise_variance: float) -> Tensor:
    """Return argmax_z log pᵢ(z) − (z − v)²/2s for v ≥ 0, d × n; no z exceeds ``limit`` (d)."""
    # Spaced evenly in the logarithm, from where the density is flat in the narrowest Gaussian.
    least = 0.01 * marginals.variances.amin(1).sqrt() / limit
    grid = least[:, None] ** torch.linspace(1, 0, CANDIDATES, dtype=torch.float64)
    candidates = torch.nn.functional.pad(limit[:, None] * grid, (1, 0))
    energy = candidates.square() / 2 - noise_variance * marginals.joint(candidates).logsumexp(1)
    best = torch.stack(
        [(row[:, None] * c - e).argmax(1) for row, c, e in zip(v, candidates, energy, strict=True)]
    )
    # The maximum lies between the neighbours of the best candidate.
    low, z, high = (
        candidates.gather(1, (best + shift).clamp(0, CANDIDATES)) for shift in (-1, 0, 1)
    )
    precision = marginals.variances.reciprocal()[:, :, None]
    for _ in range(NEWTON_STEPS):
        posterior = marginals.joint(z).softmax(1)
        q = (posterior * precision).sum(1)
        variance = (posterior * (precision - q[:, None]).square()).sum(1)
        fixed_point = 1 + noise_variance * q
        newton = fixed_point - noise_variance * z.square() * variance
        step = (fixed_point * z - v) / torch.where(newton > 0, newton, fixed_point)
        z = (z - step).clamp(low, high)
    return z
