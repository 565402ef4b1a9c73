"""The parameters of WNNM as its authors' program has them, for each range of noise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """The parameters for a range of noise.

    Args:
        sigma_max: largest σ of the range, 0–255.
        size: side of a patch in pixels.
        similar: patches in a group at first; 10 fewer at each later search, the first included.
        iterations: of the iterative regularisation.
        remaining: λ: the noise that an iteration leaves, as a multiple of √|σ² − ‖y − x‖²/D|.
    """

    sigma_max: float
    size: int
    similar: int
    iterations: int
    remaining: float


PROFILES = (
    Profile(20, size=6, similar=70, iterations=8, remaining=0.54),
    Profile(40, size=7, similar=90, iterations=12, remaining=0.56),
    Profile(60, size=8, similar=120, iterations=14, remaining=0.58),
    Profile(float("inf"), size=9, similar=140, iterations=14, remaining=0.58),
)


def profile(sigma: float) -> Profile:
    """Return the profile for noise of standard deviation ``sigma`` on [0, 1]."""
    return next(each for each in PROFILES if 255 * sigma <= each.sigma_max)
