"""Whether what is likelier is better: correlations of ranks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from priorbench.studies.verdicts import Estimate

__all__ = ["rank_correlation"]


def rank_correlation(first: pd.DataFrame, second: pd.DataFrame) -> Estimate:
    """Return the mean over images of Spearman's ρ between two quantities of the models.

    ρ is that within each image, so that the images are a sample of it. The models stay as they are:
    the interval tells how much the order depends on the images, not what another set of models
    would give. An image for which all models have the same value has no ρ and is left out.

    Args:
        first: images × models.
        second: images × models.
    """
    # Spearman's ρ is Pearson's of the ranks.
    rho = first.rank(axis=1).corrwith(second.rank(axis=1), axis=1).dropna()
    mean = Estimate.of_mean(rho)
    low, high = np.clip(mean.interval, -1, 1).tolist()
    return Estimate(mean.value, (low, high), "rank correlation")
