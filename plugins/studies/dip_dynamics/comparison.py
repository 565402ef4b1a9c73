"""Verdicts of ``dip-dynamics`` on architectures."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd
from scipy.stats import t as student

from priorbench.results import every
from priorbench.results.statistics import SIGNIFICANCE

from .fitting import Verdict
from .networks import (
    ARCHITECTURES,
    DEEP,
    DENSE,
    MIDDLE,
    NO_PRIOR,
    NO_SKIPS,
    RESNET,
    SHALLOW,
)
from .runs import DENOISING, HOLES, PIXELS, PROBLEMS

GAIN = 3.0
"""What a network that works gains over no prior, in dB."""
LEAST_MARGIN = 0.1
"""In dB, the smallest difference that counts."""


def means_of(table: pd.DataFrame, problem: str) -> dict[str, float]:
    """Return the mean PSNR of each network in dB over its repetitions; NaN if all of them broke down."""
    own = _restorations(table, problem)
    return {str(curve): float(values.mean()) for curve, values in own.groupby("curve")["value"]}


def margin_of(table: pd.DataFrame, problem: str) -> float:
    """Return by how many dB two networks must differ.

    It is decided by Student's t at 5 %, with the variance of the repetitions pooled over the
    networks. NaN if no network has two repetitions.
    """
    groups = _restorations(table, problem).dropna(subset="value").groupby("curve")["value"]
    counts, variances = groups.count(), groups.var()
    freedom = counts - 1
    if not freedom.sum():
        return math.nan
    pooled = float((variances.fillna(0) * freedom).sum() / freedom.sum())
    quantile = float(student.isf(SIGNIFICANCE / 2, int(freedom.sum())))
    return max(LEAST_MARGIN, quantile * math.sqrt(2 * pooled / int(counts.max())))


def _restorations(table: pd.DataFrame, problem: str) -> pd.DataFrame:
    return table[(table["part"] == ARCHITECTURES) & (table["problem"] == problem)]


def _better(first: float, second: float, margin: float) -> bool | None:
    """Return whether a PSNR is higher than another, None if the difference is within the margin or unknown."""
    difference = first - second
    return difference > 0 if abs(difference) > margin else None


def _listed(table: pd.DataFrame, problems: Iterable[str], networks: Iterable[str]) -> str:
    parts = []
    for problem in problems:
        scores = means_of(table, problem)
        words = "; ".join(
            f"{name} broke down" if math.isnan(scores[name]) else f"{name} {scores[name]:.2f} dB"
            for name in networks
        )
        margin = margin_of(table, problem)
        counts = (
            "no repetitions" if math.isnan(margin) else f"differences above {margin:.2f} dB count"
        )
        parts.append(f"{problem}: {words} ({counts})")
    return ". ".join(parts)


def skip_connections(table: pd.DataFrame) -> Verdict:
    """Return whether skip connections raise the PSNR of denoising and lower that of holes."""
    noise, holes = (means_of(table, problem) for problem in (DENOISING, HOLES))
    verdicts = [
        _better(noise[DEEP], noise[NO_SKIPS], margin_of(table, DENOISING)),
        _better(holes[NO_SKIPS], holes[DEEP], margin_of(table, HOLES)),
    ]
    return every(verdicts), _listed(table, (DENOISING, PIXELS, HOLES), (DEEP, NO_SKIPS))


def depth(table: pd.DataFrame) -> Verdict:
    """Return whether depth raises the PSNR in holes."""
    holes = means_of(table, HOLES)
    verdict = _better(holes[DEEP], holes[SHALLOW], margin_of(table, HOLES))
    return verdict, _listed(table, (HOLES, PIXELS, DENOISING), (SHALLOW, MIDDLE, DEEP))


def residual(table: pd.DataFrame) -> Verdict:
    """Return whether a ResNet gains :data:`GAIN` and a fully connected network does not."""
    verdicts: list[bool | None] = []
    for problem in (DENOISING, PIXELS):
        means = means_of(table, problem)
        gains = {network: means[network] - means[NO_PRIOR] for network in (RESNET, DENSE)}
        margin = margin_of(table, problem)
        verdicts += [
            _better(gains[RESNET], GAIN, margin),
            _better(GAIN, gains[DENSE], margin),
        ]
    return every(verdicts), _listed(table, PROBLEMS, (RESNET, DENSE, NO_PRIOR))
