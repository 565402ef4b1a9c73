"""Splitting: a prior's estimate and the data step by turns, the loop of all these solvers.

Half-quadratic splitting: Geman & Yang 1995, doi:10.1109/83.392335. The dual variable: Boyd et al.
2011, doi:10.1561/2200000016, with a denoiser Venkatakrishnan, Bouman & Wohlberg 2013,
doi:10.1109/GlobalSIP.2013.6737048. The momentum: Nesterov 1983; Beck & Teboulle 2009,
doi:10.1137/080716542, with a denoiser Kamilov, Mansour & Wohlberg 2017,
doi:10.1109/LSP.2017.2763583.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from priorbench.priors import Restoration
from priorbench.problem import Problem
from priorbench.solvers.continuation import Schedule, fidelity_weight
from priorbench.types import Image

ImageEstimate = Callable[[int, Image, float], Image]
"""From the step, an image and the standard deviation of its noise to the clean image."""


def split(
    estimate: ImageEstimate,
    problem: Problem,
    schedule: Schedule,
    time_left: Callable[[], float] = lambda: math.inf,
) -> Restoration:
    r"""Alternate the prior's estimate and the data step while the assumed noise level s falls.

    From x = x' = the operator's estimate and u = 0, for each level s,

        v  = x + m (x − x')                                             (extrapolation),
        z  = estimate(v + u, s),
        x' = x,   x = argmin_x t/2σ² ‖Hx − y‖² + 1/2s² ‖x − (z − u)‖²   (data step),
        u  = u + x − z                                                  (with the dual variable).

    Without m and u this is half-quadratic splitting. For a fixed s its fixed point is the minimiser
    with the prior smoothed at the scale s (for a proximal map, its Moreau envelope). The momentum m
    leaves that fixed point where it is and comes to it faster. With u this is ADMM: for a proximal
    map the fixed point is the minimiser with the prior itself, whatever s is.

    Args:
        estimate: the prior's estimate of a clean image.
        problem: any linear problem with Gaussian noise.
        schedule: the levels s, the trust t, the momentum m and whether there is a dual variable.
        time_left: returns the seconds until the deadline; after it, x is returned as it is.
    """
    fidelity = fidelity_weight(problem.sigma, schedule.trust)
    x = problem.estimate()
    before, dual = x, torch.zeros_like(x)
    for step, level in enumerate(schedule.levels):
        # With m = 0, and in the first step, this is x.
        v = x + schedule.momentum * (x - before)
        z = estimate(step, v + dual, level)
        before = x
        x = problem.operator.data_step(problem.y, z - dual, fidelity, level**-2)
        if schedule.dual:
            dual = dual + x - z
        if time_left() < 0 and step + 1 < len(schedule.levels):
            return Restoration(x, timed_out=True, solver=schedule.settings)
    return Restoration(x, solver=schedule.settings)
