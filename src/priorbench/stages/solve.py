"""One restoration by somebody else's prior, measured and checked. In the worker's process only."""

from __future__ import annotations

import torch

from priorbench.priors import Context, Restoration
from priorbench.problem import Problem
from priorbench.solvers import restore
from priorbench.stages.measure import Measure
from priorbench.stages.outcome import DIVERGED, OK, TIMEOUT, Outcome


def solve(
    prior: object, problem: Problem, context: Context, seed: int, stage: str, limit: float
) -> tuple[Outcome, Restoration]:
    """Return how a restoration ended and what it gave.

    Args:
        prior: the prior, ready to restore.
        problem: what is restored.
        context: what the prior gets beside it.
        seed: of torch's own generator, for a prior that does not use the context's.
        stage: the stage, for the outcome.
        limit: the time limit in seconds, for the outcome.

    Raises:
        ValueError: the image has the wrong shape.
        Exception: whatever the prior raises.
    """
    torch.manual_seed(seed)
    measure = Measure()
    result = restore(prior, problem, context)
    seconds, peak = measure.seconds, measure.peak_memory_mb
    expected = (1, *problem.image_shape)
    if tuple(result.image.shape) != expected:
        raise ValueError(
            f"the prior returned an image of shape {tuple(result.image.shape)}, not {expected}"
        )
    if not torch.isfinite(result.image).all():
        reason = "the restored image holds NaN or infinite values"
        return Outcome(DIVERGED, stage, reason, seconds=seconds, peak_memory_mb=peak), result
    if result.timed_out:
        reason = f"stopped at its time limit of {limit:.4g} s with the best estimate so far"
        return Outcome(TIMEOUT, stage, reason, seconds=seconds, peak_memory_mb=peak), result
    return Outcome(OK, stage, seconds=seconds, peak_memory_mb=peak), result
