"""The constants of half-quadratic splitting: how far the data are trusted, and how the assumed noise falls.

All were chosen on training images, for all operators together; nothing is tuned to an image or a task.
``benchmarks/continuation.py`` prints what others give.
"""

from __future__ import annotations

from typing import Literal

from priorbench.operators import LinearOperator, Mask

NOISE_FLOOR = 1e-3
TRUST = 2.0
"""Weight of the data against 1/σ². At 5 total variation gains 0.5 dB, but other denoisers break down after a blur."""


def fidelity_weight(sigma: float, trust: float = 1.0) -> float:
    """Return λ = trust/σ², with σ at least 10⁻³.

    The floor stands for λ = ∞ in noise-free problems: it is Zoran & Weiss's λ = 10⁶ for known pixels. A trust above
    1 makes up for what a prior that is applied again and again smooths away.
    """
    return trust * max(sigma, NOISE_FLOOR) ** -2


def regime(operator: LinearOperator) -> Literal["missing", "mixed"]:
    """Return whether pixels are missing between known ones, or mixed with each other as after a blur.

    Where they are mixed, the operator's estimate is further from the image: iterations start with more noise assumed.
    """
    return "missing" if isinstance(operator, Mask) else "mixed"


def geometric(first: float, last: float, steps: int) -> list[float]:
    """Return ``steps`` numbers from ``first`` to ``last``, each the same part of the one before."""
    return [first * (last / first) ** (step / max(steps - 1, 1)) for step in range(steps)]
