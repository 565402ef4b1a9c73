"""Half-quadratic splitting: an estimate of the planes and the data step by turns.

Geman & Yang 1995, doi:10.1109/83.392335; with patches Zoran & Weiss, ICCV 2011, doi:10.1109/ICCV.2011.6126278.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from priorbench.operators import Identity
from priorbench.priors import Context, Restoration
from priorbench.problem import Problem
from priorbench.solvers.colour import from_planes, to_planes
from priorbench.solvers.continuation import TRUST, fidelity_weight, geometric, regime

Estimate = Callable[[Tensor, float, Tensor], Iterator[float]]
"""From a plane, H × W, and its noise's variance to the clean plane, written to the third; yields the fraction done."""

DENOISING_STEPS = (0.7, 2.8, 5.6, 11.2, 22.4, 44.8)
CONTINUATION = {"missing": (0.1, 0.012, 12), "mixed": (0.15, 0.015, 12)}
"""First and last 1/√β and the number of steps, where pixels are missing and where they are mixed."""


def half_quadratic(
    begin: Callable[[Tensor, float], Estimate], problem: Problem, context: Context
) -> Restoration:
    r"""Alternate an estimate of each plane and the data step while β grows.

    The two steps are

        v = estimate(x, 1/β)                                for each plane,
        x = argmin_x t/2σ² ‖Hx − y‖² + β/2 ‖x − v‖².

    For H = I, t = 1; else t = ``TRUST``. A colour image is restored in opponent planes; see :mod:`.colour`.

    Args:
        begin: from a plane of the first estimate and the variance of its noise to the estimator of that plane.
        problem: any linear problem with Gaussian noise.
        context: progress.
    """
    operator = problem.operator
    fidelity = fidelity_weight(problem.sigma, 1.0 if _is_denoising(problem) else TRUST)
    x = problem.estimate()
    schedule = beta_schedule(problem)
    estimators = [
        begin(plane, scale**2 / schedule[0]) for plane, scale in zip(*to_planes(x), strict=True)
    ]
    for iteration, beta in enumerate(schedule):
        planes, scales = to_planes(x)
        for row, (estimate, plane, scale) in enumerate(
            zip(estimators, planes, scales, strict=True)
        ):
            out = torch.empty_like(plane)
            for done in estimate(plane, scale**2 / beta, out):
                context.progress((iteration + (row + done) / len(planes)) / len(schedule))
            plane.copy_(out)
        x = operator.data_step(problem.y, from_planes(planes, x.shape), fidelity, beta)
    return Restoration(x)


def beta_schedule(problem: Problem) -> list[float]:
    """Return the rising β.

    Denoising uses 0.7 times the β = [1 4 8 16 32] / σ² of EPLL's paper, with the 64 that its authors add for strong
    noise: the factor is worth 0.06 to 0.12 dB at σ from 15 to 50. Where pixels are missing or mixed, the error of x is
    not the noise and fades slowly, so 1/√β falls geometrically instead, from the noise where that is stronger, and
    never below what the noise warrants.
    """
    if _is_denoising(problem):
        return [step / problem.sigma**2 for step in DENOISING_STEPS]
    first, last, steps = CONTINUATION[regime(problem.operator)]
    first, last = max(first, problem.sigma), max(last, problem.sigma / DENOISING_STEPS[-1] ** 0.5)
    return [level**-2 for level in geometric(first, last, steps)]


def _is_denoising(problem: Problem) -> bool:
    return isinstance(problem.operator, Identity) and problem.sigma > 0
