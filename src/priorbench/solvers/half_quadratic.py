"""A splitting on gray planes: the estimate of each plane and the data step by turns.

Geman & Yang 1995, doi:10.1109/83.392335; with patches Zoran & Weiss, ICCV 2011,
doi:10.1109/ICCV.2011.6126278.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch

from priorbench.operators import Identity
from priorbench.priors import Context, Restoration
from priorbench.problem import Problem
from priorbench.solvers.colour import from_planes, to_planes
from priorbench.solvers.continuation import Schedule, geometric, regime
from priorbench.solvers.splitting import split
from priorbench.specs.solver_settings import Regime, SolverSettings
from priorbench.types import Image, Plane

__all__ = ["PlaneEstimate", "half_quadratic"]

PlaneEstimate = Callable[[Plane, float, Plane], Iterator[float]]
"""From a plane, H × W, and its noise's variance to the clean plane, written to the third; yields
the fraction done."""

DENOISING_STEPS: tuple[float, ...] = (0.7, 2.8, 5.6, 11.2, 22.4, 44.8)
SCHEDULES: dict[Regime, Schedule] = {
    "missing": Schedule(geometric(0.25, 0.02, 19), trust=2.0, momentum=0.4, dual=True),
    "mixed": Schedule(geometric(0.2, 0.012, 14), trust=2.3, momentum=0.6),
    "mixed_noise_free": Schedule(geometric(0.07, 0.02, 16), trust=2.0, momentum=0.3, dual=True),
    "sensed": Schedule(geometric(0.07, 0.02, 16), trust=2.0, momentum=0.3, dual=True),
}
LAST: dict[Regime, float] = {"missing": 0.35, "mixed": 0.0, "mixed_noise_free": 0.0, "sensed": 0.35}
"""The least last level, as a multiple of the noise."""
REFERENCE = 0.01
"""The noise for which the last level and the trust of mixed pixels are meant."""
DEFAULT = SolverSettings()


def half_quadratic(
    begin: Callable[[Plane, float], PlaneEstimate],
    problem: Problem,
    context: Context,
    schedule: Schedule | None = None,
) -> Restoration:
    r"""Alternate an estimate of each plane and the data step; see :func:`.splitting.split`.

    A colour image is restored in opponent planes; see :mod:`.colour`.

    Args:
        begin: from a plane of the first estimate and the variance of its noise to the estimator of
            that plane.
        problem: any linear problem with Gaussian noise.
        context: progress, deadline.
        schedule: by default that of :func:`default_schedule` with the context's settings.
    """
    schedule = schedule or default_schedule(problem, context.solver)
    estimators: list[PlaneEstimate] = []

    def estimate(step: int, image: Image, level: float) -> Image:
        planes, scales = to_planes(image)
        variances = [(scale * level) ** 2 for scale in scales]
        # The first call sees the first estimate, to which a prior may adapt itself.
        if not estimators:
            estimators.extend(map(begin, planes, variances))
        for row, (plane, variance) in enumerate(zip(planes, variances, strict=True)):
            out = torch.empty_like(plane)
            for done in estimators[row](plane, variance, out):
                context.progress((step + (row + done) / len(planes)) / len(schedule.levels))
            plane.copy_(out)
        return from_planes(planes, image.shape)

    return split(estimate, problem, schedule, context.time_left)


def default_schedule(problem: Problem, settings: SolverSettings = DEFAULT) -> Schedule:
    """Return the schedule of a problem.

    Denoising uses 0.7 times the β = 1/s² = [1 4 8 16 32] / σ² of EPLL's paper, with the 64 that its
    authors add for strong noise: the factor is worth 0.06 to 0.12 dB at σ from 15 to 50.

    Where pixels are missing or mixed, the error of x is not the noise and fades slowly, so s falls
    geometrically instead, from the noise where that is stronger, and never below what the noise
    warrants: :func:`_for_noise`.

    Args:
        problem: any linear problem with Gaussian noise.
        settings: what is set otherwise where pixels are missing or mixed.
    """
    sigma = problem.sigma
    if isinstance(problem.operator, Identity) and sigma > 0:
        return Schedule(tuple(sigma / step**0.5 for step in DENOISING_STEPS))
    kind = regime(problem)
    schedule = SCHEDULES[kind]
    if kind == "mixed":
        schedule = _for_noise(schedule, sigma)
    return schedule.changed(settings.of(kind)).above(sigma, LAST[kind] * sigma)


def _for_noise(schedule: Schedule, sigma: float) -> Schedule:
    """Return a schedule for mixed pixels with the noise σ, given that for σ = 0.01.

    The last level is multiplied by r^0.7 and the trust by r^0.2 with r = σ/0.01, between 0.1 and 4:
    so what the iteration converges to is good at each σ.
    """
    ratio = min(max(sigma / REFERENCE, 0.1), 4.0)
    last = schedule.levels[-1] * ratio**0.7
    first = max(schedule.levels[0], last)
    return replace(schedule, trust=schedule.trust * ratio**0.2).between(first, last)
