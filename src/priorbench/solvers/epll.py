"""Expected patch log likelihood: a patch prior restores a whole image.

Zoran & Weiss, ICCV 2011, doi:10.1109/ICCV.2011.6126278.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from priorbench.priors import Context, PatchPrior, Restoration
from priorbench.problem import Problem
from priorbench.solvers.aggregation import average_everywhere, average_on_grid
from priorbench.solvers.answers import checked
from priorbench.solvers.continuation import Schedule
from priorbench.solvers.half_quadratic import PlaneEstimate, half_quadratic
from priorbench.types import Patches, Plane

PATCHES_TO_ADAPT_TO = 100_000


def epll(
    prior: PatchPrior, problem: Problem, context: Context, schedule: Schedule | None = None
) -> Restoration:
    r"""Minimise λ/2 ‖Hx − y‖² − Σᵢ log p(Pᵢx) by a splitting.

    Alternates, while β = 1/s² grows,

        zᵢ = argmax_z log p(z) − β/2 ‖Pᵢx − z‖²              for every overlapping patch,
        x  = argmin_x t/2σ² ‖Hx − y‖² + β/2 ‖x − z̄‖²,

    where z̄ is the **average** of the patches zᵢ that cover a pixel. Dividing the paper's λ = D/σ²
    and β Σᵢ PᵢᵀPᵢ by the number of patches over a pixel gives these weights with t = 1; unlike the
    paper's sum it trusts the prior at the border as much as inside. See
    :func:`.half_quadratic.default_schedule` for β and t, and :func:`.splitting.split` for how
    momentum or a dual variable make this converge in few steps.

    Args:
        prior: the patch prior.
        problem: any linear problem with Gaussian noise.
        context: progress, and the randomness of a sparse grid of patches.
        schedule: by default that of :func:`.half_quadratic.default_schedule`.

    Raises:
        ValueError: the image is smaller than a patch.
    """
    _, height, width = problem.image_shape
    if min(height, width) < prior.patch_size:
        raise ValueError(
            f"the image is {height} × {width}; "
            f"this prior needs at least {prior.patch_size} pixels a side"
        )

    def begin(plane: Plane, noise_variance: float) -> PlaneEstimate:
        own = _adapted(prior, plane, noise_variance)

        def estimate(plane: Plane, noise_variance: float, average: Plane) -> Iterator[float]:
            def map_estimate(patches: Patches) -> Patches:
                estimate = own.map_estimate(patches, noise_variance)
                return checked(estimate, patches, f"{type(own).__qualname__}.map_estimate")

            if own.stride == 1:
                return average_everywhere(plane, own.patch_size, map_estimate, average)
            return average_on_grid(
                plane, own.patch_size, own.stride, map_estimate, average, context.generator
            )

        return estimate

    return half_quadratic(begin, problem, context, schedule)


def _adapted(prior: PatchPrior, plane: Plane, noise_variance: float) -> PatchPrior:
    """Return the prior as it adapts itself to a plane (H × W) with noise."""
    size = prior.patch_size
    # Adaptation needs a sample of the patches, not every overlapping one.
    step = math.ceil((plane.numel() / PATCHES_TO_ADAPT_TO) ** 0.5)
    windows = plane.unfold(0, size, step).unfold(1, size, step)
    return prior.adapted(windows.reshape(-1, size * size), noise_variance)
