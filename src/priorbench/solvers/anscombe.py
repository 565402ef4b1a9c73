"""Poisson noise made Gaussian: the Anscombe transform and its exact unbiased inverse."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import torch
from torch import Tensor

from priorbench.errors import NotApplicable
from priorbench.operators import Identity
from priorbench.priors import Restoration
from priorbench.problem import Problem

__all__ = ["restore_stabilised"]

OFFSET = 3 / 8
TABLE_END = 200.0
"""Mean above which the asymptotic inverse is exact to 10⁻⁸ photons."""


def restore_stabilised(solve: Callable[[Problem], Restoration], problem: Problem) -> Restoration:
    """Restore a problem with Poisson noise by a solver for Gaussian noise.

    The counts k become 2√(k + 3/8), of variance close to 1 (Anscombe 1948,
    doi:10.1093/biomet/35.3-4.246), scaled to [0, 1] for counts from 0 to the peak.

    Args:
        solve: restores a problem with Gaussian noise.
        problem: y are counts divided by the peak; H is the identity.

    Raises:
        NotApplicable: H is not the identity, so that the transform would not act on the image.
    """
    peak = problem.peak
    if peak is None or not isinstance(problem.operator, Identity):
        raise NotApplicable(
            "Poisson noise is made Gaussian only where the image is observed directly"
        )
    low, high = anscombe(torch.tensor([0.0, peak])).tolist()
    # The solvers' constants are meant for intensities on [0, 1].
    span = high - low
    gaussian = replace(
        problem, y=(anscombe(peak * problem.y) - low) / span, sigma=1 / span, peak=None
    )
    result = solve(gaussian)
    return replace(result, image=inverse_anscombe(result.image * span + low) / peak)


def anscombe(counts: Tensor) -> Tensor:
    """Return 2√(k + 3/8)."""
    return 2 * (counts.clamp(min=0) + OFFSET).sqrt()


def inverse_anscombe(stabilised: Tensor) -> Tensor:
    """Return the mean m of the Poisson distribution for which E[2√(k + 3/8)] is ``stabilised``.

    The exact unbiased inverse of Mäkitalo & Foi 2011, doi:10.1109/TIP.2010.2056693: from a table of
    the expectation, interpolated linearly, to 2 · 10⁻⁵ photons and to 10⁻⁵ of m; from m = 200 on by
    the series of the expectation in 1/m, inverted. (Their closed form for all m is off by 0.009
    photons there.) Below the expectation for m = 0 it is 0.
    """
    values = stabilised.double()
    means, expectations = _table()
    exact = torch.from_numpy(np.interp(values.cpu().numpy(), expectations, means)).to(values)
    d = values.clamp(min=expectations[-1])
    # The series of E[2√(k + 3/8)] in 1/m, solved for m.
    asymptotic = d**2 / 4 - 1 / 8 + 1 / (4 * d**4)
    return torch.where(values < expectations[-1], exact, asymptotic).to(stabilised.dtype)


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    """Return means m and E[2√(k + 3/8)] for k ~ Poisson(m)."""
    # Dense at 0, where the expectation is most curved.
    means = TABLE_END * torch.linspace(0, 1, 2001, dtype=torch.float64) ** 2
    # Beyond twelve standard deviations the probability is below float64's rounding error.
    counts = torch.arange(int(TABLE_END + 12 * math.sqrt(TABLE_END)), dtype=torch.float64)
    m = means[:, None]
    probabilities = (torch.xlogy(counts, m) - m - torch.lgamma(counts + 1)).exp()
    return means.numpy(), (probabilities @ anscombe(counts)).numpy()
