"""DiffPIR: a denoiser, an exact data step and new noise by turns, while the noise level falls.

Zhu, Zhang, Liang, Cao, Wen, Timofte & Van Gool 2023, arXiv 2305.08995.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch

from priorbench.priors import Context, Denoiser
from priorbench.problem import Problem
from priorbench.solvers.continuation import fidelity_weight
from priorbench.solvers.plug_and_play import denoised
from priorbench.solvers.reverse_diffusion import first_level, noise_levels
from priorbench.solvers.split_gibbs import white_noise
from priorbench.types import Image

__all__ = ["diffpir"]

RATIO = 0.9
"""Of one noise level to the one before."""
WEIGHT = 2.0
"""λ. With 1 the clean image would be unknown by s in every direction; the prior knows it better."""
ZETA = 0.3
"""ζ, the share of the noise that is new in each step.

``benchmarks/samplers.py --constants`` has others on images of a known law."""


@torch.no_grad()
def diffpir(
    prior: Denoiser,
    problem: Problem,
    context: Context,
    *,
    ratio: float = RATIO,
    weight: float = WEIGHT,
    zeta: float = ZETA,
) -> Image:
    r"""Return an approximate draw of x given y = Hx + n, B × C × H × W, B that of y.

    From an estimate with noise of the first level, for falling levels s → t, the last t = 0,

        z = D(x, s),
        u = argmin_u ‖Hu − y‖² / 2σ² + λ ‖u − z‖² / 2s²            (data step),
        x ← u + t (√(1 − ζ) (x − u) / s + √ζ n')                   (new noise n').

    This is the paper's algorithm for noise that is added to an image and does not shrink it
    (x_t = √ᾱ x there, s² = (1 − ᾱ) / ᾱ). It is an approximation: u is the mean of the clean image
    only if its covariance given x is s² I / λ, and its spread is left out of the step, so the draws
    vary less than the posterior. docs/explanation/sampling.md says by how much.

    Args:
        prior: a denoiser D that returns the posterior mean.
        problem: any linear problem with Gaussian noise; σ is at least :data:`.NOISE_FLOOR`.
        context: randomness, progress.
        ratio: t/s.
        weight: λ > 0.
        zeta: ζ, from 0 to 1.

    Raises:
        NotApplicable: the problem has no linear operator.
    """
    operator = problem.operator
    fidelity = fidelity_weight(problem.sigma)
    levels = noise_levels(first_level(prior), ratio)
    x = problem.estimate()
    x = x + levels[0] * white_noise(x, context.generator)
    for number, (level, following) in enumerate(pairwise(levels), 1):
        clean = denoised(prior, x, level)
        agreeing = operator.data_step(problem.y, clean, fidelity, weight * level**-2)
        kept = math.sqrt(1 - zeta) * (x - agreeing) / level
        new = math.sqrt(zeta) * white_noise(x, context.generator)
        x = agreeing + following * (kept + new)
        context.progress(number / (len(levels) - 1))
    return x
