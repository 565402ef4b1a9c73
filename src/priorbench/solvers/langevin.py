"""Plug-and-play Langevin: a chain that follows the data and a denoiser's score, with noise.

The projected algorithm, PPnP-ULA, of Laumont, De Bortoli, Almansa, Delon, Durmus & Pereyra 2022,
doi:10.1137/21M1406349, arXiv 2103.04715.
"""

from __future__ import annotations

import math

import torch

from priorbench.priors import Context, Denoiser
from priorbench.problem import Problem
from priorbench.solvers.continuation import fidelity_weight
from priorbench.solvers.plug_and_play import denoised
from priorbench.solvers.split_gibbs import white_noise
from priorbench.types import Image

__all__ = ["langevin"]

LEVEL = 0.02
"""s, on [0, 1]: of the denoiser, and so of the noise that is left in a draw.

About the paper's 5/255; ``benchmarks/samplers.py --constants`` has others."""
STEP = 1 / 3
"""The step as a multiple of the largest for which descent is sure to fall; the paper's."""
STEPS = 400
LOWEST, HIGHEST = -1.0, 2.0
"""What values are kept within, so that no chain runs away."""


@torch.no_grad()
def langevin(
    prior: Denoiser,
    problem: Problem,
    context: Context,
    *,
    level: float = LEVEL,
    step: float = STEP,
    steps: int = STEPS,
) -> Image:
    r"""Return the end of a Langevin chain of its own, B × C × H × W, B that of y.

    From the operator's estimate, for all steps with new white noise n',

        x ← Π(x + δ Hᵀ(y − Hx) / σ² + δ (D(x, s) − x) / s² + √(2δ) n'),

    with Π the projection on [−1, 2] and δ of :func:`step_size`. The third term is the score of p_s,
    the density of images with noise of level s (Tweedie's formula). As δ → 0 and the steps become
    many the draws are those of p(y | x) p_s(x), a posterior with the noisy images for a prior: what
    the data leave open varies by s more. For a Gaussian law of precision P the chain with steps of
    δ settles to the covariance (P − δP²/2)⁻¹.

    Args:
        prior: a denoiser D that returns the posterior mean; s is the nearest that it knows.
        problem: any linear problem with Gaussian noise. σ is at least s, or the data would ask for
            steps by which the prior hardly moves.
        context: randomness, progress.
        level: s.
        step: δ as a multiple of 1 / (‖H‖²/σ² + 1/s²).
        steps: how many.

    Raises:
        NotApplicable: the problem has no linear operator.
    """
    operator = problem.operator
    least, most = prior.sigma_range
    level = min(max(level, least), most)
    sigma = max(problem.sigma, level)
    delta = step_size(operator.norm(), sigma, level, step)
    x = problem.estimate()
    for number in range(1, steps + 1):
        of_data = operator.adjoint(problem.y - operator.forward(x)) / sigma**2
        of_prior = (denoised(prior, x, level) - x) / level**2
        noise = math.sqrt(2 * delta) * white_noise(x, context.generator)
        x = (x + delta * (of_data + of_prior) + noise).clamp(LOWEST, HIGHEST)
        context.progress(number / steps)
    if problem.sigma > 0:
        return x
    # Without noise x has to agree with y.
    return operator.data_step(problem.y, x, fidelity_weight(0.0), level**-2)


def step_size(norm: float, sigma: float, level: float, step: float = STEP) -> float:
    """Return δ = ``step`` / (‖H‖²/σ² + 1/s²), where a denoiser that shrinks differences has a score
    of slope at most 1/s².

    Args:
        norm: ‖H‖.
        sigma: σ > 0.
        level: s > 0.
        step: below 2, from where on a Gaussian chain diverges.
    """
    return step / (norm**2 / sigma**2 + level**-2)
