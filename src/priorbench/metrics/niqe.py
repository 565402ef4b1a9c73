"""The natural image quality evaluator, which needs no clean image."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from priorbench.errors import NotApplicable
from priorbench.metrics.fidelity import checked_pair
from priorbench.metrics.luminance import gray_levels
from priorbench.metrics.natural_statistics import BLOCK, block_statistics

PHOTOGRAPHS = Path(__file__).with_name("natural_blocks.csv")
"""Mean (first row) and covariance (36 rows) of the statistics of sharp blocks of photographs."""
FEWEST = 2
"""Blocks that have a covariance."""


def niqe(restored: np.ndarray, clean: np.ndarray) -> float:
    r"""Return the distance of the restoration's statistics from those of photographs, at least 0.

    Mittal, Soundararajan & Bovik 2013, doi:10.1109/LSP.2012.2227726: 36 statistics of each block of
    96 × 96 pixels (:mod:`.natural_statistics`) have the mean ν and the covariance Σ in the
    restoration, and ν', Σ' in sharp blocks of photographs:

        √((ν − ν')ᵀ ((Σ + Σ') / 2)⁻¹ (ν − ν')).

    ν' and Σ' are of the 200 training photographs of BSDS500 in gray, not of the paper's 125, so
    values compare only with those of this program. The clean image is not looked at; its own value
    is not 0, and a restoration may have a lower one. Of colours the luminance counts. Flat blocks
    have no statistics and are left out. The image is clipped to [0, 1].

    Args:
        restored: the restoration, H × W × C.
        clean: of the same shape, for the interface of metrics alone.

    Raises:
        NotApplicable: fewer than two blocks that are not flat fit into the image.
        ValueError: the shapes differ or a value is NaN.
    """
    restored, _ = checked_pair(restored, clean)
    rows, columns = (side // BLOCK for side in restored.shape[:2])
    if rows * columns < FEWEST:
        raise NotApplicable(
            f"NIQE needs at least {FEWEST} blocks of {BLOCK} × {BLOCK} pixels; the image is "
            f"{restored.shape[:2]}"
        )
    features = block_statistics(gray_levels(restored)).features
    features = features[np.isfinite(features).all(axis=1)]
    if len(features) < FEWEST:
        raise NotApplicable(f"NIQE needs at least {FEWEST} blocks that are not flat")
    mean, covariance = photographs()
    apart = features.mean(axis=0) - mean
    pooled = (np.cov(features, rowvar=False) + covariance) / 2
    return float(np.sqrt(apart @ np.linalg.solve(pooled, apart)))


@cache
def photographs() -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance of the statistics of photographs, from the file beside this."""
    table = np.loadtxt(PHOTOGRAPHS, delimiter=",")
    return table[0], table[1:]
