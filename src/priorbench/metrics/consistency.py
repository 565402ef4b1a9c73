"""Whether a restoration explains the observation."""

from __future__ import annotations

import torch

from priorbench.errors import NotApplicable
from priorbench.problem import Problem
from priorbench.types import Image


def residual(restored: Image, problem: Problem) -> float:
    r"""Return ‖Hx̂ − y‖² / nσ² for n observed values: about 1 when x̂ explains the observation.

    More than 1: x̂ contradicts y, it is over-smoothed or wrong. Less: x̂ keeps part of the noise.
    For Poisson noise the terms are divided by their own variances Hx̂ / peak instead.

    Raises:
        NotApplicable: there is no noise to compare with, or no linear operator.
    """
    operator = problem.operator
    if problem.sigma == 0:
        raise NotApplicable("without noise the residual has no scale")
    predicted = operator.forward(restored)
    error = operator.restrict(predicted - problem.y).double().square()
    # A mask observes fewer values than y has.
    count = float(operator.restrict(torch.ones_like(problem.y)).sum())
    if problem.peak is None:
        return float(error.sum()) / (count * problem.sigma**2)
    return (
        # No variance below that of one photon, where a prediction is 0 or negative.
        float((error / (predicted.double().clamp(min=1 / problem.peak) / problem.peak)).sum())
        / count
    )
