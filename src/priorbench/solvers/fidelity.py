"""The weight of the data in half-quadratic splitting."""

from __future__ import annotations

NOISE_FLOOR = 1e-3


def fidelity_weight(sigma: float) -> float:
    """Return λ = 1/σ², with σ at least 10⁻³.

    The floor stands for λ = ∞ in noise-free problems: it is Zoran & Weiss's λ = 10⁶ for known pixels.
    """
    return max(sigma, NOISE_FLOOR) ** -2
