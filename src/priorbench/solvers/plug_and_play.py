"""Plug-and-play: a denoiser restores every linear problem.

Venkatakrishnan, Bouman & Wohlberg 2013, doi:10.1109/GlobalSIP.2013.6737048; the falling noise level
follows Zhang et al. 2021, doi:10.1109/TPAMI.2021.3088914.
"""

from __future__ import annotations

from priorbench.operators import Identity
from priorbench.priors import Context, Denoiser, Restoration
from priorbench.problem import Problem
from priorbench.solver_settings import Regime, SolverSettings
from priorbench.solvers.answers import checked
from priorbench.solvers.continuation import Schedule, geometric, regime
from priorbench.solvers.splitting import split
from priorbench.types import Image

SCHEDULES: dict[Regime, Schedule] = {
    "missing": Schedule(geometric(0.1, 0.04, 12), trust=2.0, dual=True),
    "mixed": Schedule(geometric(0.3, 0.02, 8), trust=2.0, momentum=0.2),
    "mixed_noise_free": Schedule(geometric(0.3, 0.02, 8), trust=2.0, momentum=0.2),
    "sensed": Schedule(geometric(0.3, 0.04, 16), trust=2.0, dual=True),
}
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
        prior: the denoiser. It is asked only for levels within its ``sigma_range``.
        problem: any linear problem with Gaussian noise.
        context: progress.
        schedule: by default that of :func:`default_schedule` with the context's settings.
    """
    if schedule is None and isinstance(problem.operator, Identity):
        context.progress(1.0)
        if problem.sigma == 0:
            return Restoration(problem.y)
        least, most = prior.sigma_range
        sigma = min(max(problem.sigma, least), most)
        return Restoration(_denoised(prior, problem.y, sigma))
    schedule = schedule or default_schedule(problem, context.solver)
    steps = len(schedule.levels)

    def estimate(step: int, image: Image, level: float) -> Image:
        restored = _denoised(prior, image, level)
        context.progress((step + 1) / steps)
        return restored

    return split(estimate, problem, schedule.within(prior.sigma_range))


def _denoised(prior: Denoiser, image: Image, sigma: float) -> Image:
    return checked(prior.denoise(image, sigma), image, f"{type(prior).__qualname__}.denoise")


def default_schedule(problem: Problem, settings: SolverSettings = DEFAULT) -> Schedule:
    """Return the schedule of a problem that is no denoising.

    Where pixels are missing, the dual variable takes back what each call of a denoiser smooths too
    much, so that one schedule serves denoisers that shrink, such as total variation, and those that
    estimate a posterior mean, such as networks. Without it a network wants a high start and many
    steps, which smooth away what total variation restores.

    Where pixels are mixed, ADMM takes many more steps to settle, and some denoisers leave its
    fixed point again; momentum alone is stable.

    Args:
        problem: any linear problem with Gaussian noise, but none of denoising.
        settings: what is set otherwise.
    """
    kind = regime(problem)
    schedule = SCHEDULES[kind].changed(settings.of(kind))
    return schedule.above(FIRST * problem.sigma, LAST[kind] * problem.sigma)
