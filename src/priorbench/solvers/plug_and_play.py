"""Plug-and-play: a denoiser restores every linear problem.

Venkatakrishnan, Bouman & Wohlberg 2013, doi:10.1109/GlobalSIP.2013.6737048; the half-quadratic
splitting and its falling noise level follow Zhang et al. 2021, doi:10.1109/TPAMI.2021.3088914.
"""

from __future__ import annotations

from priorbench.operators import Identity
from priorbench.priors import Context, Denoiser, Restoration
from priorbench.problem import Problem
from priorbench.solvers.continuation import TRUST, fidelity_weight, geometric, regime

FIRST_SIGMA = {"missing": (0.04, 0.8), "mixed": (0.1, 0.8)}
LAST_SIGMA = {"missing": (0.004, 0.15), "mixed": (0.01, 0.15)}
STEPS = {"missing": 6, "mixed": 8}


def plug_and_play(prior: Denoiser, problem: Problem, context: Context) -> Restoration:
    r"""Alternate the denoiser and the data step while the assumed noise level s falls.

        z = denoise(x, s)
        x = argmin_x t/2σ² ‖Hx − y‖² + 1/2s² ‖x − z‖²

    With H = I one call of the denoiser at σ is the answer already. t is ``TRUST``.

    Args:
        prior: the denoiser.
        problem: any linear problem with Gaussian noise.
        context: progress.
    """
    operator, y = problem.operator, problem.y
    if isinstance(operator, Identity):
        restored = prior.denoise(y, problem.sigma) if problem.sigma > 0 else y
        context.progress(1.0)
        return Restoration(restored)
    fidelity = fidelity_weight(problem.sigma, TRUST)
    x = problem.estimate()
    levels = noise_levels(problem)
    for step, sigma in enumerate(levels):
        z = prior.denoise(x, sigma)
        x = operator.data_step(y, z, fidelity, sigma**-2)
        context.progress((step + 1) / len(levels))
    return Restoration(x)


def noise_levels(problem: Problem) -> list[float]:
    """Return the falling noise levels s, geometrically; each end is a constant or a multiple of σ, what is larger.

    The start is about the error of the operator's estimate where nothing else is known of it. Starting higher,
    ending at σ or taking more steps smooths away more than it restores, since every call of a denoiser smooths a
    little. The constants were chosen on training images for total variation, wavelets and non-local means together.
    """
    kind = regime(problem.operator)
    first, last = (
        max(least, factor * problem.sigma)
        for least, factor in (FIRST_SIGMA[kind], LAST_SIGMA[kind])
    )
    return geometric(first, last, STEPS[kind])
