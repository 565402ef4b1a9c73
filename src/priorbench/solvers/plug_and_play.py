"""Plug-and-play: a denoiser restores every linear problem.

Venkatakrishnan, Bouman & Wohlberg 2013, doi:10.1109/GlobalSIP.2013.6737048; the half-quadratic
splitting and its falling noise level follow Zhang et al. 2021, doi:10.1109/TPAMI.2021.3088914.
"""

from __future__ import annotations

from priorbench.operators import Identity
from priorbench.priors import Context, Denoiser, Restoration
from priorbench.problem import Problem
from priorbench.solvers.fidelity import fidelity_weight

FIRST_SIGMA = (0.04, 0.8)
LAST_SIGMA = (0.004, 0.15)
STEPS = 6


def plug_and_play(prior: Denoiser, problem: Problem, context: Context) -> Restoration:
    r"""Alternate the denoiser and the data step while the assumed noise level s falls.

        z = denoise(x, s)
        x = argmin_x 1/2σ² ‖Hx − y‖² + 1/2s² ‖x − z‖²

    With H = I one call of the denoiser at σ is the answer already.

    Args:
        prior: the denoiser.
        problem: any linear problem.
        context: progress.
    """
    operator, y = problem.operator, problem.y
    if isinstance(operator, Identity):
        restored = prior.denoise(y, problem.sigma) if problem.sigma > 0 else y
        context.progress(1.0)
        return Restoration(restored)
    x = operator.estimate(y)
    for step, sigma in enumerate(noise_levels(problem.sigma)):
        z = prior.denoise(x, sigma)
        x = operator.data_step(y, z, fidelity_weight(problem.sigma), sigma**-2)
        context.progress((step + 1) / STEPS)
    return Restoration(x)


def noise_levels(sigma: float) -> list[float]:
    """Return the falling noise levels s, geometrically from max(0.04, 0.8 σ) to max(0.004, 0.15 σ).

    The start is about the error of an interpolation where nothing else is known of it. Starting higher,
    ending at σ or taking more steps smooths away more than it restores, since every call of a denoiser
    smooths a little. The constants were chosen on training images with half of the pixels missing,
    together for non-local means, total variation and wavelets: σ = 0 and σ = 25/255.
    """
    first, last = (max(least, factor * sigma) for least, factor in (FIRST_SIGMA, LAST_SIGMA))
    return [first * (last / first) ** (step / (STEPS - 1)) for step in range(STEPS)]
