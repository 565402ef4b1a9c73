"""How heavy the tails of patches are.

The contrast of a patch is √(‖x‖² / (D − 1)), for x without its mean. Its tails make those of every linear filter: the
response r of a filter has a kurtosis E[r⁴] / E[r²]² of 3 if patches are Gaussian, whatever their covariance, and more
in photographs, for random filters of mean 0 too (Huang & Mumford 1999, doi:10.1109/CVPR.1999.786990).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from priorbench.results.statistics import CONFIDENCE

GAUSSIAN = 3.0
ROUNDING = 1 / 255 / math.sqrt(12)
"""The standard deviation of rounding to 8 bits."""
RESAMPLES = 2000


@dataclass(frozen=True)
class Bootstrapped:
    """A number, and what it might have been.

    Args:
        value: of all patches.
        resampled: of bootstrap samples; NaN if there is no second unit to draw.
    """

    value: float
    resampled: np.ndarray

    @property
    def interval(self) -> tuple[float, float]:
        """The percentile interval at 95 %."""
        low, high = np.quantile(self.resampled, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
        return float(low), float(high)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.2f} [{low:.2f}, {high:.2f}]"


def patch_contrasts(patches: Tensor) -> Tensor:
    """Return √(‖x‖² / (D − 1)) of patches without their mean, N × D."""
    return (patches.square().sum(1) / (patches.shape[1] - 1)).sqrt()


def to_unit_contrast(blocks: Sequence[Tensor]) -> list[Tensor]:
    """Return patches without their mean divided by their contrast, less those that rounding to 8 bits leaves no shape.

    A block that loses all of them is left out.
    """
    divided = [_to_unit_contrast(block) for block in blocks]
    return [block for block in divided if len(block)]


def random_filters(pixels: int, count: int) -> Tensor:
    """Return filters of mean 0 and norm 1, uniform over all such, count × D; always the same."""
    filters: Tensor = torch.randn(
        count, pixels, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    filters -= filters.mean(1, keepdim=True)
    return filters / filters.square().sum(1, keepdim=True).sqrt()


def kurtosis(blocks: Sequence[Tensor], filters: Tensor) -> Bootstrapped:
    """Return the mean over filters of E[r⁴] / E[r²]² with r = wᵀx, and its bootstrap.

    Args:
        blocks: the units that are drawn, each n × D, patches without their mean; each weighs the same.
        filters: w, F × D.
    """
    if not blocks:
        return Bootstrapped(math.nan, np.full(RESAMPLES, np.nan))
    responses = [block @ filters.mT for block in blocks]
    second, fourth = (
        np.stack([r.pow(power).mean(0).numpy() for r in responses]) for power in (2, 4)
    )
    units = len(blocks)
    drawn = np.random.default_rng(units).multinomial(units, np.full(units, 1 / units), RESAMPLES)
    weights = np.concatenate([np.ones((1, units)), drawn]) / units
    with np.errstate(invalid="ignore"):
        values = (weights @ fourth / (weights @ second) ** 2).mean(1)
    return Bootstrapped(float(values[0]), values[1:] if units > 1 else np.full(RESAMPLES, np.nan))


def excess_ratio(one: Bootstrapped, other: Bootstrapped) -> Bootstrapped:
    """Return the excess of a kurtosis over 3 divided by that of another; equally many units are drawn together."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.divide(one.value - GAUSSIAN, other.value - GAUSSIAN)
        resampled = (one.resampled - GAUSSIAN) / (other.resampled - GAUSSIAN)
    return Bootstrapped(float(value), resampled)


def _to_unit_contrast(patches: Tensor) -> Tensor:
    contrast = patch_contrasts(patches)
    kept = contrast > ROUNDING
    return patches[kept] / contrast[kept, None]
