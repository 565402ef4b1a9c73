"""Numbers with confidence intervals over images, and what they decide."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from priorbench.results.statistics import mean_interval


class Interval(NamedTuple):
    """A number with its confidence interval; NaN where one image gives none."""

    value: float
    low: float
    high: float

    @property
    def positive(self) -> bool | None:
        """Whether the number is above 0; None if the interval contains 0, or there is none."""
        return True if self.low > 0 else False if self.high <= 0 else None

    def __str__(self) -> str:
        interval = (
            f"[{self.low:.2f}, {self.high:.2f}]" if np.isfinite(self.low) else "(no interval)"
        )
        return f"{self.value:+.2f} {interval}"


def rank_correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> Interval:
    """Return the mean over images of Spearman's ρ between two quantities of the models.

    ρ is that within each image, so that the images are a sample of it. The models stay as they are:
    the interval tells how much the order depends on the images, not what another set of models
    would give. An image for which all models have the same value has no ρ and is left out.

    Args:
        first: images × models.
        second: images × models.
    """
    rho = _spearman(first, second)
    rho = rho[np.isfinite(rho)]
    if not len(rho):
        return Interval(np.nan, np.nan, np.nan)
    low, high = mean_interval(rho)
    return Interval(float(rho.mean()), *np.clip((low, high), -1, 1).tolist())


def difference(better: pd.Series[float], worse: pd.Series[float]) -> Interval:
    """Return the mean difference of two models or methods, paired by image."""
    differences = np.asarray(better - worse, dtype=np.float64)
    return Interval(float(differences.mean()), *mean_interval(differences))


def _spearman(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ρ of each row; NaN where all values of a row are equal."""
    ranks = [rankdata(values, axis=1) - (values.shape[1] + 1) / 2 for values in (first, second)]
    norms = [np.sqrt((rank**2).sum(1)) for rank in ranks]
    with np.errstate(invalid="ignore"):
        rho: NDArray[np.float64] = (ranks[0] * ranks[1]).sum(1) / (norms[0] * norms[1])
    return rho
