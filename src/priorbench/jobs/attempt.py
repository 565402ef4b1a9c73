"""One restoration by somebody else's prior, measured and checked. In the worker's process only."""

from __future__ import annotations

import torch

from priorbench.jobs.device import warm_up
from priorbench.jobs.usage import Measure
from priorbench.priors import Context, Learned, Restoration
from priorbench.problem import Problem
from priorbench.seeds import seed_everything
from priorbench.solvers import restore
from priorbench.store.outcome import Outcome
from priorbench.store.status import Status


def solve(
    prior: object, problem: Problem, context: Context, seed: int, stage: str, limit: float
) -> tuple[Outcome, Restoration]:
    """Return how a restoration ended and what it gave.

    Both times, by the clock and of the processors, are the prior's own: torch has been used before,
    and the problem's estimate, from which solvers start, is there already. Those of an earlier
    attempt whose checkpoint was gone on from are added.

    Args:
        prior: the prior, ready to restore.
        problem: what is restored.
        context: what the prior gets with it.
        seed: of all global generators, for a prior that does not use the context's.
        stage: the stage, for the outcome.
        limit: the time limit in seconds, for the outcome.

    Raises:
        ValueError: the image has the wrong shape.
        Exception: whatever the prior raises.
    """
    warm_up(context.device)
    problem.estimate()
    seed_everything(seed)
    measure = Measure(context.device)
    result = _restoration(restore(prior, problem, context), prior)
    usage = measure.usage(context.checkpoint.spent)
    expected = (1, *problem.image_shape)
    if tuple(result.image.shape) != expected:
        raise ValueError(
            f"the prior returned an image of shape {tuple(result.image.shape)}, not {expected}"
        )
    status, reason = Status.OK, ""
    if not torch.isfinite(result.image).all():
        status, reason = Status.DIVERGED, "the restored image holds NaN or infinite values"
    elif result.timed_out:
        status = Status.TIMEOUT
        reason = f"stopped at its time limit of {limit:.4g} s with the best estimate so far"
    counted = _n_parameters(prior, result)
    outcome = Outcome(
        status,
        stage,
        reason,
        seconds=usage.seconds,
        processor_seconds=usage.processor_seconds,
        peak_memory_mb=usage.peak_memory_mb,
        device_memory_mb=usage.device_memory_mb,
        n_parameters=counted,
        solver=result.solver.words if result.solver else "",
    )
    return outcome, result


def _restoration(result: object, prior: object) -> Restoration:
    """Return what a prior gave, if it is what a prior has to give.

    Raises:
        TypeError: it is no :class:`Restoration` of an image.
    """
    method = f"{type(prior).__qualname__}.restore"
    if not isinstance(result, Restoration):
        given = "None" if result is None else f"an object of type {type(result).__qualname__}"
        raise TypeError(
            f"{method} returned {given}; it must return priorbench.priors.Restoration(image)"
        )
    image: object = result.image
    if not isinstance(image, torch.Tensor):
        kind = type(image).__qualname__
        raise TypeError(
            f"{method} returned a Restoration whose image is of type {kind}; "
            "it must be a torch.Tensor"
        )
    return result


def _n_parameters(prior: object, result: Restoration) -> int | None:
    """Return how many numbers were learned from this problem or before it; None for a prior that
    learns nothing.
    """
    if result.n_parameters is not None:
        return result.n_parameters
    return prior.n_parameters() if isinstance(prior, Learned) else None
