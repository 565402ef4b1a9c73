"""Diffusion posterior sampling: reverse diffusion, drawn to the data through the denoiser.

Chung, Kim, Mccann, Klasky & Ye 2022, arXiv 2209.14687. The variance of the residual: Song, Vahdat,
Mardani & Kautz 2023, https://openreview.net/forum?id=9_gsMA8MRKQ.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch

from priorbench.errors import NotApplicable
from priorbench.priors import Context, Denoiser
from priorbench.problem import Problem
from priorbench.solvers.continuation import fidelity_weight
from priorbench.solvers.plug_and_play import denoised
from priorbench.solvers.reverse_diffusion import first_level, noise_levels
from priorbench.solvers.split_gibbs import white_noise
from priorbench.types import Image

__all__ = ["dps"]

RATIO = 0.95
"""Of one noise level to the one before."""
WEIGHT = 1.0
"""ζ; 1 is exact where the clean image is unknown by s in every direction."""


@torch.no_grad()
def dps(
    prior: Denoiser,
    problem: Problem,
    context: Context,
    *,
    ratio: float = RATIO,
    weight: float = WEIGHT,
) -> Image:
    r"""Return an approximate draw of x given y = Hx + n, B × C × H × W, B that of y.

    From an estimate with noise of the first level, for falling levels s → t, the last t = 0,

        x ← D + (t/s)² (x − D) + t √(1 − t²/s²) n' − ζ (s² − t²) / (σ² + s² ‖H‖²) ∇ₓ ½ ‖y − H D‖²

    with D = D(x, s), new white noise n' and the gradient through the denoiser. The first three
    terms are the ancestral step of reverse diffusion. The last one is the score of y given x, as if
    y were Gaussian around H D with the variance σ² + s² ‖H‖². The paper derives it with σ² alone,
    which diverges at high levels, and then divides by ‖y − H D‖ instead, which counts the pixels of
    an image; this variance is the upper bound that Song et al. use, and does neither.

    It is an approximation: what is known of the clean image beyond s is left out, so in directions
    that the prior knows well the data count too little. With a flat prior, D(x, s) = x, and H = I
    nothing is: as t/s tends to 1 the draws tend to the posterior, up to what the first and the last
    level leave.

    Args:
        prior: a differentiable denoiser D that returns the posterior mean.
        problem: any linear problem with Gaussian noise.
        context: randomness, progress.
        ratio: t/s.
        weight: ζ.

    Raises:
        NotApplicable: torch can't differentiate the denoiser, or there is no linear operator.
    """
    strength = problem.operator.norm() ** 2
    levels = noise_levels(first_level(prior), ratio)
    x = problem.estimate()
    x = x + levels[0] * white_noise(x, context.generator)
    for number, (level, following) in enumerate(pairwise(levels), 1):
        clean, slope = data_slope(prior, problem, x, level)
        kept = (following / level) ** 2
        noise = following * math.sqrt(1 - kept) * white_noise(x, context.generator)
        pull = weight * (level**2 - following**2) / (problem.sigma**2 + strength * level**2)
        x = clean + kept * (x - clean) + noise - pull * slope
        context.progress(number / (len(levels) - 1))
    if problem.sigma > 0:
        return x
    # Without noise x has to agree with y.
    return problem.operator.data_step(problem.y, x, fidelity_weight(0.0), levels[0] ** -2)


def data_slope(
    prior: Denoiser, problem: Problem, image: Image, level: float
) -> tuple[Image, Image]:
    """Return D(x, s) and ∇ₓ ½ ‖y − H D(x, s)‖².

    Args:
        prior: the denoiser D.
        problem: y and H.
        image: x, B × C × H × W.
        level: s.

    Raises:
        NotApplicable: torch can't differentiate the denoiser.
    """
    with torch.enable_grad():
        x = image.detach().requires_grad_()
        try:
            clean = denoised(prior, x, level)
        except RuntimeError as error:
            # Of numpy and of changes in place, which torch refuses where a gradient is asked for.
            if "requires grad" not in str(error):
                raise
            raise NotApplicable(_no_gradient(prior)) from error
        if not clean.requires_grad:
            raise NotApplicable(_no_gradient(prior))
        half = (problem.y - problem.operator.forward(clean)).square().sum() / 2
        (slope,) = torch.autograd.grad(half, x)
    return clean.detach(), slope


def _no_gradient(prior: Denoiser) -> str:
    name = type(prior).__qualname__
    return f"torch can't differentiate {name}.denoise, whose gradient dps follows"
