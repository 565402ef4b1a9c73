"""The asymmetric generalised Gaussian distribution, fitted by moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gamma

SHAPES = np.arange(0.2, 10, 0.001)
"""The shapes that a fit can have: these and what lies between."""
RATIOS = gamma(2 / SHAPES) ** 2 / (gamma(1 / SHAPES) * gamma(3 / SHAPES))
"""(E|x|)² / E x² of symmetric distributions of these shapes; it rises with the shape."""


@dataclass(frozen=True)
class GeneralisedGaussian:
    """Densities ∝ exp(−(|x| / β)^α), with one β on the left of 0 and another on the right.

    Args:
        shape: α; 2 is Gaussian, 1 Laplacian.
        left: β below 0.
        right: β above 0.
    """

    shape: np.ndarray
    left: np.ndarray
    right: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Return (β_right − β_left) Γ(2/α) / Γ(1/α)."""
        mean: np.ndarray = (self.right - self.left) * gamma(2 / self.shape) / gamma(1 / self.shape)
        return mean


def fitted(values: np.ndarray) -> GeneralisedGaussian:
    """Return the distributions whose moments are those of the values, one for each row.

    Lasmar, Stitou & Berthoumieu 2009, doi:10.1109/ICIP.2009.5414404: with l² and r² the mean
    squares of the values below and above 0 and γ = l / r, the shape has

        Γ(2/α)² / (Γ(1/α) Γ(3/α)) = (E|x|)² / E x² · (γ³ + 1)(γ + 1) / (γ² + 1)²,

    and β = l √(Γ(1/α) / Γ(3/α)) on the left, with r on the right.

    Args:
        values: distributions × values.

    Returns:
        NaN for rows that have no value below 0, or none above.
    """
    squares = values**2
    with np.errstate(divide="ignore", invalid="ignore"):
        left, right = (
            np.sqrt((squares * side).sum(1) / side.sum(1)) for side in (values < 0, values > 0)
        )
        skew = left / right
        ratio = np.abs(values).mean(1) ** 2 / squares.mean(1)
        ratio *= (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    shape = np.interp(ratio, RATIOS, SHAPES)
    scale = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return GeneralisedGaussian(shape, left * scale, right * scale)
