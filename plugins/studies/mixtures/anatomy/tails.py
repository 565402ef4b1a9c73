"""How heavy the tails of patches are.

The contrast of a patch is √(‖x‖² / (D − 1)), for x without its mean. Its tails make those of every
linear filter: the response r of a filter has a kurtosis E[r⁴] / E[r²]² of 3 if patches are
Gaussian, whatever their covariance, and more in photographs, for random filters of mean 0 too
(Huang & Mumford 1999, doi:10.1109/CVPR.1999.786990).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from priorbench.results.statistics import jackknife_interval
from priorbench.studies import Estimate

GAUSSIAN = 3.0
ROUNDING = 1 / 255 / math.sqrt(12)
"""The standard deviation of rounding to 8 bits."""


@dataclass(frozen=True)
class Kurtosis:
    """A kurtosis, or a ratio of two, with what it depends on the units of the sample.

    Args:
        value: of all units.
        left_out: without each of them, N; NaN if there is no second unit.
    """

    value: float
    left_out: np.ndarray

    @property
    def estimate(self) -> Estimate:
        """The value with the jackknife's interval at 95 %."""
        return Estimate(self.value, jackknife_interval(self.value, self.left_out))

    def __str__(self) -> str:
        return self.estimate.in_words(2, "-")


def patch_contrasts(patches: Tensor) -> Tensor:
    """Return √(‖x‖² / (D − 1)) of patches without their mean, N × D."""
    return (patches.square().sum(1) / (patches.shape[1] - 1)).sqrt()


def to_unit_contrast(blocks: Sequence[Tensor]) -> list[Tensor]:
    """Return patches without their mean divided by their contrast.

    Patches that rounding to 8 bits leaves no shape are left out, and so are blocks of such patches.
    """
    found = []
    for block in blocks:
        contrast = patch_contrasts(block)
        kept = contrast > ROUNDING
        if kept.any():
            found.append(block[kept] / contrast[kept, None])
    return found


def random_filters(pixels: int, count: int) -> Tensor:
    """Return filters of mean 0 and norm 1, uniform over all such, count × D; always the same."""
    filters: Tensor = torch.randn(
        count, pixels, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    filters -= filters.mean(1, keepdim=True)
    return filters / filters.square().sum(1, keepdim=True).sqrt()


def kurtosis(blocks: Sequence[Tensor], filters: Tensor) -> Kurtosis:
    """Return the mean over filters of E[r⁴] / E[r²]² with r = wᵀx, and without each unit.

    Args:
        blocks: the units, each n × D, patches without their mean; each weighs the same.
        filters: w, F × D.
    """
    if not blocks:
        return Kurtosis(math.nan, np.array([math.nan]))
    responses = [block @ filters.mT for block in blocks]
    second = np.stack([response.pow(2).mean(0).numpy() for response in responses])
    fourth = np.stack([response.pow(4).mean(0).numpy() for response in responses])
    units = len(blocks)
    # The first row takes all units, each further one leaves one out.
    kept = np.concatenate([np.ones((1, units)), 1 - np.eye(units)])
    with np.errstate(invalid="ignore"):
        weights = kept / kept.sum(1, keepdims=True)
        values = (weights @ fourth / (weights @ second) ** 2).mean(1)
    return Kurtosis(float(values[0]), values[1:])


def excess_ratio(one: Kurtosis, other: Kurtosis) -> Kurtosis:
    """Return the excess of a kurtosis over 3 divided by that of another, of as many units."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.divide(one.value - GAUSSIAN, other.value - GAUSSIAN)
        left_out = (one.left_out - GAUSSIAN) / (other.left_out - GAUSSIAN)
    return Kurtosis(float(value), left_out)
