"""Reverse diffusion: draws of a clean image given a noisy one, by a denoiser alone.

A denoiser that returns the posterior mean tells the score of the noisy image's density (Tweedie's
formula): Robbins 1956; Miyasawa 1961; Efron 2011, doi:10.1198/jasa.2011.tm11181. Drawing by it:
Kadkhodaie & Simoncelli 2021, arXiv 2007.13640; Ho, Jain & Abbeel 2020, arXiv 2006.11239; Karras,
Aittala, Aila & Laine 2022, arXiv 2206.00364. The covariance by the denoiser's derivative: Manor &
Michaeli 2024, arXiv 2309.13598.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch

from priorbench.priors import Denoiser
from priorbench.solvers.continuation import geometric
from priorbench.solvers.plug_and_play import denoised
from priorbench.solvers.split_gibbs import white_noise
from priorbench.types import Image

__all__ = ["first_level", "noise_levels", "reverse_diffusion"]

FIRST = 0.3
"""The level that a draw given other data begins with: what it starts from is hidden by then."""
RATIO = 0.6
"""Of one noise level to the one before."""
LAST = 1 / 255
"""The level below which noise is removed at once."""
DIFFERENCE = 0.1
"""Step of the finite difference, as a part of the noise level."""


@torch.no_grad()
def reverse_diffusion(
    prior: Denoiser, image: Image, sigma: float, generator: torch.Generator
) -> Image:
    r"""Return a draw of x given x + σn, for a denoiser D that returns the posterior mean.

    From the noisy image, for falling levels s → t,

        x ← D(x, s) + (t/s)² (x − D(x, s)) + α n' + β J n',

    with new white noise n' and J = ∂D/∂x. Given the image with noise of level s, that of level t
    has the mean of the first two terms, and, as s²J is the covariance of the clean image
    (Tweedie's formula of the second order), the covariance α² I + c J with α = t √(1 − (t/s)²) and
    c = s² (1 − (t/s)²)². With β = √(α² + c) − α that of α n' + β J n' differs from it by at most
    β²/4: so a few steps are enough. J n' is a finite difference of D. The usual ancestral step,
    which has α n' alone, would leave a third of the variance out in as many calls of D; see
    docs/explanation/sampling.md.

    Args:
        prior: the denoiser.
        image: B × C × H × W, with white Gaussian noise.
        sigma: σ > 0.
        generator: of the noise that is drawn.
    """
    x = image
    for level, following in pairwise(noise_levels(sigma)):
        clean = denoised(prior, x, level)
        kept = (following / level) ** 2
        white = following * math.sqrt(1 - kept)
        correlated = math.hypot(white, level * (1 - kept)) - white
        noise = white_noise(x, generator)
        step = DIFFERENCE * level
        slope = (denoised(prior, x + step * noise, level) - clean) / step
        x = clean + kept * (x - clean) + white * noise + correlated * slope
    return x


def first_level(prior: Denoiser) -> float:
    """Return the noise level that a draw begins with where y is no noisy image: 0.3, or the
    greatest that the denoiser knows.
    """
    return min(FIRST, prior.sigma_range[1])


def noise_levels(sigma: float, ratio: float = RATIO) -> tuple[float, ...]:
    """Return the falling noise levels from σ to 0, each about this part of the one before."""
    last = min(LAST, sigma)
    steps = 1 + max(1, math.ceil(math.log(sigma / last) / -math.log(ratio)))
    return (*geometric(sigma, last, steps), 0.0)
