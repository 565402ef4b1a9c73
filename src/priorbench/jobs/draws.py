"""One draw from the posterior by somebody else's prior, checked. In the worker's process only."""

from __future__ import annotations

import torch

from priorbench.errors import Diverged
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.seeds import seed_everything
from priorbench.solvers.answers import checked
from priorbench.solvers.sampling import posterior_sample
from priorbench.specs.sampler import Sampler
from priorbench.types import Image


def draw(
    prior: object, problem: Problem, context: Context, seed: int, sampler: Sampler = "gibbs"
) -> Image:
    """Return a draw from the posterior, 1 × C × H × W.

    Args:
        prior: the prior, ready to restore.
        problem: y, H and σ.
        context: what the prior gets with it, its generator seeded for this draw alone.
        seed: of all global generators.
        sampler: how a denoiser draws.

    Raises:
        NotApplicable: the prior draws none.
        Diverged: the sample holds NaN or infinite values.
        TypeError: it is no tensor.
        ValueError: it has the wrong shape.
        Exception: whatever the prior raises.
    """
    seed_everything(seed)
    expected = torch.empty(1, *problem.image_shape)
    method = f"{type(prior).__qualname__}.posterior_sample"
    sample = checked(posterior_sample(prior, problem, context, sampler), expected, method)
    if not torch.isfinite(sample).all():
        raise Diverged("the sample holds NaN or infinite values")
    return sample
