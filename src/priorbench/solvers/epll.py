"""Expected patch log likelihood: a patch prior restores a whole image.

Zoran & Weiss, ICCV 2011, doi:10.1109/ICCV.2011.6126278.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from priorbench.operators import Identity
from priorbench.priors import Context, PatchPrior, Restoration
from priorbench.problem import Problem
from priorbench.solvers.aggregation import average_everywhere, average_on_grid
from priorbench.solvers.colour import from_planes, to_planes
from priorbench.solvers.continuation import TRUST, fidelity_weight, geometric, regime
from priorbench.types import Patches

PATCHES_TO_ADAPT_TO = 100_000
DENOISING_STEPS = (0.7, 2.8, 5.6, 11.2, 22.4, 44.8)
CONTINUATION = {"missing": (0.1, 0.012, 12), "mixed": (0.15, 0.015, 12)}
"""First and last 1/√β and the number of steps, where pixels are missing and where they are mixed."""


def epll(prior: PatchPrior, problem: Problem, context: Context) -> Restoration:
    r"""Minimise λ/2 ‖Hx − y‖² − Σᵢ log p(Pᵢx) by half-quadratic splitting.

    Alternates, while β grows,

        zᵢ = argmax_z log p(z) − β/2 ‖Pᵢx − z‖²              for every overlapping patch,
        x  = argmin_x t/2σ² ‖Hx − y‖² + β/2 ‖x − z̄‖²,

    where z̄ is the **average** of the patches zᵢ that cover a pixel. Dividing the paper's
    λ = D/σ² and β Σᵢ PᵢᵀPᵢ by the number of patches over a pixel gives these weights with t = 1; unlike the
    paper's sum it trusts the prior at the border as much as inside. For H = I, t = 1; else t = ``TRUST``.

    A colour image is restored in opponent planes; see :mod:`.colour`.

    Args:
        prior: the patch prior.
        problem: any linear problem with Gaussian noise.
        context: progress, and the randomness of a sparse grid of patches.

    Raises:
        ValueError: the image is smaller than a patch.
    """
    _, height, width = problem.image_shape
    if min(height, width) < prior.patch_size:
        raise ValueError(f"the image is {height} × {width}; this prior needs at least {prior.patch_size} pixels a side")
    operator = problem.operator
    fidelity = fidelity_weight(problem.sigma, 1.0 if _is_denoising(problem) else TRUST)
    x = problem.estimate()
    schedule = beta_schedule(problem)
    adapted = [_adapted(prior, plane, scale**2 / schedule[0]) for plane, scale in zip(*to_planes(x), strict=True)]
    for iteration, beta in enumerate(schedule):
        planes, scales = to_planes(x)
        for row, (own, plane, scale) in enumerate(zip(adapted, planes, scales, strict=True)):
            average = torch.empty_like(plane)
            for done in _average_map_estimates(own, plane, scale**2 / beta, average, context.generator):
                context.progress((iteration + (row + done) / len(planes)) / len(schedule))
            plane.copy_(average)
        x = operator.data_step(problem.y, from_planes(planes, x.shape), fidelity, beta)
    return Restoration(x)


def beta_schedule(problem: Problem) -> list[float]:
    """Return the rising β of the half-quadratic splitting.

    Denoising uses 0.7 times the paper's β = [1 4 8 16 32 64] / σ², with the 64 that its authors add for strong noise:
    the factor is worth 0.06 to 0.12 dB at σ from 15 to 50. Where pixels are missing or mixed, the error of x is not
    the noise and fades slowly, so 1/√β falls geometrically instead, from the noise where that is stronger, and never
    below what the noise warrants.
    """
    if _is_denoising(problem):
        return [step / problem.sigma**2 for step in DENOISING_STEPS]
    first, last, steps = CONTINUATION[regime(problem.operator)]
    first, last = max(first, problem.sigma), max(last, problem.sigma / DENOISING_STEPS[-1] ** 0.5)
    return [level**-2 for level in geometric(first, last, steps)]


def _is_denoising(problem: Problem) -> bool:
    return isinstance(problem.operator, Identity) and problem.sigma > 0


def _adapted(prior: PatchPrior, plane: Tensor, noise_variance: float) -> PatchPrior:
    """Return the prior as it adapts itself to a plane (H × W) with noise."""
    size = prior.patch_size
    step = math.ceil((plane.numel() / PATCHES_TO_ADAPT_TO) ** 0.5)
    windows = plane.unfold(0, size, step).unfold(1, size, step)
    return prior.adapted(windows.reshape(-1, size * size), noise_variance)


def _average_map_estimates(
    prior: PatchPrior, plane: Tensor, noise_variance: float, average: Tensor, generator: torch.Generator
) -> Iterator[float]:
    """Write the average of the MAP estimates of a plane's patches (H × W) into ``average``; yield the fraction done."""

    def estimate(patches: Patches) -> Patches:
        return prior.map_estimate(patches, noise_variance)

    if prior.stride == 1:
        return average_everywhere(plane, prior.patch_size, estimate, average)
    return average_on_grid(plane, prior.patch_size, prior.stride, estimate, average, generator)
