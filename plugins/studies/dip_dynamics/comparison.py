"""Verdicts of ``dip-dynamics`` on architectures."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd
from pandas.api.typing import SeriesGroupBy
from scipy.stats import t as student

from priorbench.results.statistics import SIGNIFICANCE
from priorbench.studies import Estimate, Verdict, together
from priorbench.studies.tables import select

from .networks import ARCHITECTURES, DEEP, DENSE, MIDDLE, NO_PRIOR, NO_SKIPS, RESNET, SHALLOW
from .runs import DENOISING, HOLES, PIXELS, PROBLEMS

GAIN = 3.0
"""What a network that works gains over no prior, in dB."""
LEAST_MARGIN = 0.1
"""In dB, the smallest difference that counts."""


def means_of(table: pd.DataFrame, problem: str) -> dict[str, float]:
    """Return the mean PSNR of each network in dB over its repetitions; NaN if all broke down."""
    return {str(curve): float(values.mean()) for curve, values in _scores(table, problem)}


def margin_of(table: pd.DataFrame, problem: str) -> float:
    """Return by how many dB two networks must differ.

    It is decided by Student's t at 5 %, with the variance of the repetitions pooled over the
    networks. NaN if no network has two repetitions.
    """
    groups = _scores(table.dropna(subset="value"), problem)
    counts, variances = groups.count(), groups.var()
    freedom = counts - 1
    if not freedom.sum():
        return math.nan
    # Networks without repetitions have no variance, and no weight in the pooled one.
    pooled = float((variances.fillna(0) * freedom).sum() / freedom.sum())
    quantile = float(student.isf(SIGNIFICANCE / 2, int(freedom.sum())))
    return max(LEAST_MARGIN, quantile * math.sqrt(2 * pooled / int(counts.max())))


def skip_connections(table: pd.DataFrame) -> Verdict:
    """Return whether skip connections raise the PSNR of denoising and lower that of holes."""
    noise, holes = (means_of(table, problem) for problem in (DENOISING, HOLES))
    parts = [
        _gain(noise[DEEP], noise[NO_SKIPS], margin_of(table, DENOISING)).verdict("", 0),
        _gain(holes[NO_SKIPS], holes[DEEP], margin_of(table, HOLES)).verdict("", 0),
    ]
    return together(parts, _listed(table, (DENOISING, PIXELS, HOLES), (DEEP, NO_SKIPS)))


def depth(table: pd.DataFrame) -> Verdict:
    """Return whether depth raises the PSNR in holes."""
    holes = means_of(table, HOLES)
    gain = _gain(holes[DEEP], holes[SHALLOW], margin_of(table, HOLES))
    return gain.verdict(_listed(table, (HOLES, PIXELS, DENOISING), (SHALLOW, MIDDLE, DEEP)), 0)


def residual(table: pd.DataFrame) -> Verdict:
    """Return whether a ResNet gains :data:`GAIN` and a fully connected network does not."""
    parts = []
    for problem in (DENOISING, PIXELS):
        means, margin = means_of(table, problem), margin_of(table, problem)
        resnet, dense = (_gain(means[own], means[NO_PRIOR], margin) for own in (RESNET, DENSE))
        parts += [resnet.verdict("", GAIN), dense.verdict("", -math.inf, GAIN)]
    return together(parts, _listed(table, PROBLEMS, (RESNET, DENSE, NO_PRIOR)))


def _scores(table: pd.DataFrame, problem: str) -> SeriesGroupBy[Any, Any]:
    """Return the PSNR of the restorations of a problem, by network."""
    return select(table, part=ARCHITECTURES, problem=problem).groupby("curve")["value"]


def _gain(first: float, second: float, margin: float) -> Estimate:
    """Return by how many dB a PSNR is higher than another, with the margin on both sides."""
    gain = first - second
    return Estimate(gain, (gain - margin, gain + margin), "dB")


def _listed(table: pd.DataFrame, problems: Iterable[str], networks: Iterable[str]) -> str:
    parts = []
    for problem in problems:
        scores, margin = means_of(table, problem), margin_of(table, problem)
        words = "; ".join(
            f"{name} broke down" if math.isnan(scores[name]) else f"{name} {scores[name]:.2f} dB"
            for name in networks
        )
        counts = f"differences above {margin:.2f} dB count"
        parts.append(f"{problem}: {words} ({'no repetitions' if math.isnan(margin) else counts})")
    return ". ".join(parts)
