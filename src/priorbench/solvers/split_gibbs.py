"""Split Gibbs sampling: a draw from the prior and a draw from the data by turns.

Vono, Dobigeon & Chainais 2019, doi:10.1109/TSP.2019.2894825; with a denoiser's reverse diffusion
as the prior's draw Wu et al. 2024, arXiv 2405.18782.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from priorbench.operators import Identity
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.solvers.continuation import fidelity_weight, geometric
from priorbench.types import Image

__all__ = ["ImageDraw", "split_gibbs"]

ImageDraw = Callable[[Image, float], Image]
"""From an image and the standard deviation s of its noise n to a draw of z given z + s n."""

FIRST = 0.3
"""The first coupling s: so wide that the draw hardly depends on where the chain begins."""
LAST = 0.005
"""The last one, where half of the noise is less."""
ROUNDS = 16


@torch.no_grad()
def split_gibbs(
    draw: ImageDraw,
    problem: Problem,
    context: Context,
    widest: float = math.inf,
    rounds: int = ROUNDS,
) -> Image:
    r"""Return a draw of x given y = Hx + n, by an annealed chain of its own.

    The posterior is that of z in a pair that is coupled with the width s,

        p(x, z | y) ∝ exp(−‖Hx − y‖² / 2r² − ‖x − z‖² / 2s²) p(z),

    whose conditional distributions can be drawn from exactly: z given x is the prior's denoising
    posterior, and x given z is Gaussian. Seen from z, the noise of y is r² I + s² HHᵀ: for s up to
    half of σ, r² = σ² − s² leaves it as it is where HHᵀ = I. The chain begins with a wide coupling,
    which forgets where it started, and s falls geometrically. Where H is the identity, y itself is
    x with white noise, and one draw of z given y is exact.

    Args:
        draw: draws z given z + s n.
        problem: any linear problem with Gaussian noise.
        context: randomness, progress.
        widest: the largest s that the draw is made for.
        rounds: how many; with more the chain settles further.
    """
    if isinstance(problem.operator, Identity):
        return draw(problem.y, problem.sigma) if problem.sigma > 0 else problem.y
    half = problem.sigma / 2
    first, last = max(min(FIRST, widest), half), max(LAST, half)
    x = z = problem.estimate()
    for number, level in enumerate(geometric(first, last, rounds)):
        z = draw(x, level)
        part = min(level, half)
        noise = math.sqrt(problem.sigma**2 - part**2)
        x = data_draw(problem, z, noise, level, context.generator)
        context.progress((number + 1) / rounds)
    if problem.sigma > 0:
        return z
    # Without noise x has to agree with y.
    return problem.operator.data_step(problem.y, z, fidelity_weight(0.0), last**-2)


def data_draw(
    problem: Problem, z: Image, noise: float, level: float, generator: torch.Generator
) -> Image:
    r"""Return a draw of x from p ∝ exp(−‖Hx − y‖² / 2r² − ‖x − z‖² / 2s²).

    Perturbation and optimisation (Papandreou & Yuille 2010; Orieux, Féron & Giovannelli 2012,
    doi:10.1109/LSP.2011.2181165): with white noise of the right variance added to y and to z, the
    minimiser is such a draw.

    Args:
        problem: y and H.
        z: B × C × H × W.
        noise: r, at least :data:`.NOISE_FLOOR`.
        level: s.
        generator: of the noise.
    """
    fidelity = fidelity_weight(noise)
    y = problem.y + fidelity**-0.5 * white_noise(problem.y, generator)
    z = z + level * white_noise(z, generator)
    return problem.operator.data_step(y, z, fidelity, level**-2)


def white_noise(like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return standard normal numbers in the shape of a tensor, drawn on the CPU everywhere."""
    return torch.randn(like.shape, generator=generator, dtype=like.dtype).to(like.device)
