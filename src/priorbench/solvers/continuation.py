"""The schedule of a splitting: how far the data are trusted, and how the assumed noise falls.

All constants were chosen on training images, for all operators together; nothing is tuned to an
image or a task. ``benchmarks/solver.py`` prints what others give.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch

from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.operators import Mask, RandomProjection
from priorbench.problem import Problem
from priorbench.specs.solver_settings import Regime, SplittingSettings

__all__ = ["Schedule", "fidelity_weight", "geometric", "regime"]


@dataclass(frozen=True)
class Schedule:
    """How a splitting proceeds; see :func:`priorbench.solvers.splitting.split`.

    Args:
        levels: s, the standard deviation of the noise that is assumed in each step, on [0, 1].
        trust: t, the weight of the data against 1/σ².
        momentum: m, by how much of its last step x is extrapolated.
        dual: whether ADMM's dual variable is carried.

    Raises:
        ValueError: there is no level, or a number is out of range.
    """

    levels: tuple[float, ...]
    trust: float = 1.0
    momentum: float = 0.0
    dual: bool = False

    def __post_init__(self) -> None:
        if not self.levels:
            raise ValueError("a schedule needs at least one level")
        for level in self.levels:
            if not 0 < level < math.inf:
                raise ValueError(f"levels must be positive and finite, not {level}")
        if not 0 < self.trust < math.inf:
            raise ValueError(f"trust must be positive and finite, not {self.trust}")
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum must be at least 0 and less than 1, not {self.momentum}")

    def between(self, first: float, last: float) -> Schedule:
        """Return this schedule with as many levels, geometrically from ``first`` to ``last``."""
        return replace(self, levels=geometric(first, last, len(self.levels)))

    def changed(self, settings: SplittingSettings) -> Schedule:
        """Return this schedule with all that is set in ``settings``.

        Where one end alone is set, beyond the other, the other follows.
        """
        # What is set is positive, so `or` replaces only what is not.
        first = settings.first or max(self.levels[0], settings.last or 0.0)
        last = settings.last or min(self.levels[-1], first)
        return Schedule(
            geometric(first, last, settings.steps or len(self.levels)),
            trust=settings.trust or self.trust,
            momentum=self.momentum if settings.momentum is None else settings.momentum,
            dual=self.dual if settings.dual is None else settings.dual,
        )

    @property
    def settings(self) -> SplittingSettings:
        """The settings that give this schedule, if its levels fall geometrically."""
        return SplittingSettings(
            first=max(self.levels),
            last=min(self.levels),
            steps=len(self.levels),
            trust=self.trust,
            momentum=self.momentum,
            dual=self.dual,
        )

    def above(self, first: float, last: float) -> Schedule:
        """Return this schedule with its ends raised to at least ``first`` and ``last``."""
        return self.between(max(self.levels[0], first), max(self.levels[-1], last))


def fidelity_weight(sigma: float, trust: float = 1.0) -> float:
    """Return λ = trust/σ², with σ at least :data:`.NOISE_FLOOR`."""
    return trust * max(sigma, NOISE_FLOOR) ** -2


def regime(problem: Problem) -> Regime:
    """Return what the operator does to pixels, which decides how an iteration has to proceed.

    Known pixels are right at once, and missing ones are filled from them. With noise on mixed
    pixels an iteration must settle where data and prior agree. Without it the data are exact, and
    what they leave open fades slowly.
    """
    if _drops_pixels(problem):
        return "missing"
    if isinstance(problem.operator, RandomProjection):
        return "sensed"
    return "mixed" if problem.sigma > 0 else "mixed_noise_free"


def _drops_pixels(problem: Problem) -> bool:
    """Return whether HᵀH sets some values to 0 and keeps the others: a mask, a colour mosaic."""
    if isinstance(problem.operator, Mask):
        return True
    generator = torch.Generator().manual_seed(0)
    # Values from 0.5 on: what comes back as 0 was dropped.
    x = 0.5 + torch.rand(1, *problem.image_shape, generator=generator).to(problem.y)
    seen = problem.operator.adjoint(problem.operator.forward(x))
    dropped = seen.abs() < 1e-6
    return bool(dropped.any() and (dropped | torch.isclose(seen, x)).all())


def geometric(first: float, last: float, steps: int) -> tuple[float, ...]:
    """Return ``steps`` numbers from ``first`` to ``last``, each the same part of the one before."""
    ratio = last / first
    return tuple(first * ratio ** (step / max(steps - 1, 1)) for step in range(steps))
