"""Plug-and-play: a denoiser restores every linear problem.

Venkatakrishnan, Bouman & Wohlberg 2013, doi:10.1109/GlobalSIP.2013.6737048; the falling noise level
follows Zhang et al. 2021, doi:10.1109/TPAMI.2021.3088914.
"""

from __future__ import annotations

from priorbench.operators import Identity
from priorbench.priors import Context, Denoiser, Estimator, Restoration
from priorbench.problem import Problem
from priorbench.solvers.answers import checked
from priorbench.solvers.continuation import Schedule, geometric, regime
from priorbench.solvers.splitting import split
from priorbench.specs.solver_settings import Regime, SolverSettings
from priorbench.types import Image

__all__ = ["denoised", "plug_and_play"]

SCHEDULES: dict[Estimator, dict[Regime, Schedule]] = {
    "mmse": {
        "missing": Schedule(geometric(0.1, 0.04, 12), trust=2.0, dual=True),
        "mixed": Schedule(geometric(0.3, 0.008, 8), trust=2.0, momentum=0.25),
        "mixed_noise_free": Schedule(geometric(0.3, 0.02, 8), trust=2.0, dual=True),
        "sensed": Schedule(geometric(0.3, 0.04, 16), trust=2.0, dual=True),
    },
    "smoother": {
        "missing": Schedule((0.04,) * 5, trust=2.0, dual=True),
        "mixed": Schedule(geometric(0.3, 0.02, 8), trust=2.0, momentum=0.2),
        "mixed_noise_free": Schedule(geometric(0.3, 0.02, 8), trust=2.0, momentum=0.2),
        "sensed": Schedule(geometric(0.3, 0.02, 16), trust=2.0, momentum=0.5),
    },
}
"""The defaults of each kind of denoiser; docs/explanation/solvers.md says how they were chosen."""
HELD = Schedule((0.06,) * 8, trust=2.0, dual=True)
"""The default for mixed, noisy pixels of a posterior mean of fixed strength."""
FIRST = 0.8
LAST: dict[Regime, float] = {"missing": 0.6, "mixed": 0.15, "mixed_noise_free": 0.15, "sensed": 0.6}
"""The least levels, as multiples of the noise."""
DEFAULT = SolverSettings()


def plug_and_play(
    prior: Denoiser, problem: Problem, context: Context, schedule: Schedule | None = None
) -> Restoration:
    r"""Alternate the denoiser and the data step while the assumed noise level s falls.

    The iteration is that of :func:`.splitting.split`. With H = I one call of the denoiser at σ is
    the answer already.

    Args:
        prior: the denoiser. It is asked only for σ within its ``sigma_range``, the nearest to a
            level.
        problem: any linear problem with Gaussian noise.
        context: progress, deadline.
        schedule: by default that of :func:`default_schedule` with the context's settings.
    """
    if schedule is None and isinstance(problem.operator, Identity):
        context.progress(1.0)
        # y is x.
        if problem.sigma == 0:
            return Restoration(problem.y)
        return Restoration(denoised(prior, problem.y, problem.sigma))
    schedule = schedule or default_schedule(prior, problem, context.solver)
    steps = len(schedule.levels)

    def estimate(step: int, image: Image, level: float) -> Image:
        restored = denoised(prior, image, level)
        context.progress((step + 1) / steps)
        return restored

    return split(estimate, problem, schedule, context.time_left)


def default_schedule(
    prior: Denoiser, problem: Problem, settings: SolverSettings = DEFAULT
) -> Schedule:
    """Return the schedule of a problem that is no denoising.

    Where pixels are missing, the dual variable takes back what each call of a denoiser smooths too
    much. An estimator of the posterior mean then gains by starting high, a smoother by few steps.

    Where pixels are mixed and noisy, ADMM takes many more steps to settle, and some denoisers leave
    its fixed point again; momentum alone is stable. A network whose strength is fixed, since it is
    blind or made for one σ, can't remove less in the last steps than in the first: ADMM at one
    level gives back what it removes too much. For a smoother the two are as good.

    Where projections are sensed, ADMM is worth several decibels to networks and total variation,
    but non-local means and a median filter diverge, so a smoother gets momentum instead.

    Args:
        prior: the denoiser, for what it says of itself.
        problem: any linear problem with Gaussian noise, but none of denoising.
        settings: what is set otherwise.
    """
    kind = regime(problem)
    least, most = prior.sigma_range
    # Falling levels need a denoiser whose strength can follow them.
    held = prior.estimator == "mmse" and kind == "mixed" and (prior.blind or least == most)
    schedule = HELD if held else SCHEDULES[prior.estimator][kind]
    schedule = schedule.changed(settings.of(kind))
    return schedule.above(FIRST * problem.sigma, LAST[kind] * problem.sigma)


def denoised(prior: Denoiser, image: Image, level: float) -> Image:
    """Ask the denoiser for the σ nearest to a level that it was made for.

    The weight of the data follows the level itself: a network for one σ else drowns the data.
    """
    least, most = prior.sigma_range
    estimate = prior.denoise(image, min(max(level, least), most))
    return checked(estimate, image, f"{type(prior).__qualname__}.denoise")
