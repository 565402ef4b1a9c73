"""How much of the posterior variance draws by reverse diffusion have, for a scalar Gaussian.

    python benchmarks/reverse_diffusion.py

x ~ N(0, v) seen with noise σ has the posterior mean D(x, s) = v x / (v + s²), so a step of reverse
diffusion multiplies x by a number and adds noise with another: the variance of a draw is computed,
not sampled.
"""

from __future__ import annotations

import math
from itertools import pairwise

from priorbench.solvers.continuation import geometric
from priorbench.solvers.reverse_diffusion import LAST, RATIO, noise_levels

SIGMA = 0.1
DEVIATIONS = (0.02, 0.05, 0.1, 0.2, 1.0)
ANCESTRAL_RATIOS = (0.8, 0.95)


def share(levels: tuple[float, ...], variance: float, with_covariance: bool) -> float:
    """Return the variance of a draw over that of the posterior.

    Args:
        levels: falling noise levels, from σ to 0.
        variance: v.
        with_covariance: whether the noise has the covariance of the clean image.
    """
    spread = 0.0
    for level, following in pairwise(levels):
        slope = variance / (variance + level**2)
        kept = (following / level) ** 2
        white = following * math.sqrt(1 - kept)
        correlated = math.hypot(white, level * (1 - kept)) - white if with_covariance else 0.0
        factor = kept + (1 - kept) * slope
        spread = factor**2 * spread + (white + correlated * slope) ** 2
    posterior = variance * SIGMA**2 / (variance + SIGMA**2)
    return spread / posterior


def ancestral_levels(ratio: float) -> tuple[float, ...]:
    """Return levels as of :func:`.noise_levels`, each a given part of the one before."""
    steps = 1 + math.ceil(math.log(SIGMA / LAST) / -math.log(ratio))
    return (*geometric(SIGMA, LAST, steps), 0.0)


def main() -> None:
    """Print the table."""
    own = noise_levels(SIGMA)
    schedules = [ancestral_levels(ratio) for ratio in ANCESTRAL_RATIOS]
    heads = [f"ancestral, {len(levels) - 1} calls" for levels in schedules]
    print("| deviation | " + " | ".join(heads) + f" | with J, {2 * (len(own) - 1)} calls |")
    print("|---" * (len(heads) + 2) + "|")
    for deviation in DEVIATIONS:
        shares = [share(levels, deviation**2, False) for levels in schedules]
        shares.append(share(own, deviation**2, True))
        print(f"| {deviation:g} | " + " | ".join(f"{each:.3f}" for each in shares) + " |")
    print(f"\nσ = {SIGMA:g}; the own step has the ratio {RATIO:g}")


if __name__ == "__main__":
    main()
