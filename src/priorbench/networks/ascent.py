"""MAP estimates of noisy coordinates: a Gaussian start, then gradient steps."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

CONTRASTS = tuple(2.0**power for power in range(-10, 5))
"""Factors of the variances of all patches that the start chooses among."""
LONGER, SHORTER = 1.3, 0.3
"""Change of a patch's step length after a step that was one, and after one that was refused."""


def gaussian_start(
    noisy: Tensor, variances: Tensor, noise_variance: float
) -> tuple[Tensor, Tensor]:
    """Return the Wiener estimates and their variances, N × d, at each patch's likeliest contrast.

    The prior of the estimate is N(0, a diag λ), with a the factor under which the noisy patch is
    likeliest.

    Args:
        noisy: coordinates with white noise, N × d.
        variances: λ of all patches, d.
        noise_variance: s > 0.
    """
    contrasts = noisy.new_tensor(CONTRASTS)[:, None]
    totals = contrasts * variances + noise_variance
    scores = -0.5 * (noisy.square() @ (1 / totals).mT + totals.log().sum(1))
    own = contrasts[scores.argmax(1)] * variances
    share = own / (own + noise_variance)
    return share * noisy, share * noise_variance


def ascend(
    log_density: Callable[[Tensor], Tensor],
    start: Tensor,
    noisy: Tensor,
    noise_variance: float,
    metric: Tensor,
    steps: int,
) -> Tensor:
    """Return points of greater log p(c) − ‖c − x‖²/2s than the start's, or the start where none is.

    Each patch has a step length of its own, and a step that would lower its objective is refused.

    Args:
        log_density: log p of coordinates, N × d.
        start: N × d.
        noisy: x, N × d.
        noise_variance: s > 0.
        metric: what gradients are multiplied by, N × d.
        steps: evaluations of the gradient after the first.
    """

    def objective(point: Tensor) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            point = point.detach().requires_grad_()
            distance = (point - noisy).square().sum(1) / (2 * noise_variance)
            value = log_density(point) - distance
            (gradient,) = torch.autograd.grad(value.sum(), point)
        return value.detach(), gradient

    if steps == 0:
        return start
    point, length = start, start.new_full((len(start), 1), 0.5)
    value, gradient = objective(point)
    for _ in range(steps):
        tried = point + length * metric * gradient
        there, slope = objective(tried)
        # NaN is no gain either.
        gain = (there > value)[:, None]
        point, gradient = torch.where(gain, tried, point), torch.where(gain, slope, gradient)
        value = torch.where(gain[:, 0], there, value)
        length = torch.where(gain, LONGER * length, SHORTER * length)
    return point
