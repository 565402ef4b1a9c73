"""Means of the bounds over images."""

from __future__ import annotations

from collections.abc import Iterator
from math import log10, nan
from typing import NamedTuple

import pandas as pd

from priorbench.results import Catalogue
from priorbench.studies.tables import frame, select

from .measure import Measured

CLAIRVOYANT, WINDOW, PRIOR = "clairvoyant Wiener filter", "window", "best prior"
"""Values of the column ``what``."""
WITH_NEIGHBOURS = 0.9
"""Share of windows that must have neighbours for a bound to be taken for one."""


class Row(NamedTuple):
    """A row of the table: means over images.

    Args:
        dataset: of the images.
        task: Gaussian denoising.
        sigma_255: σ on the 0–255 scale.
        what: :data:`CLAIRVOYANT`, :data:`WINDOW` or :data:`PRIOR`.
        label: of the prior.
        side: of the window in pixels; 0 for whole images.
        images: how many are in the means.
        reached_psnr_db: PSNR that was reached.
        at_most_psnr_db: PSNR that no estimate exceeds, as far as the examples tell.
        share_with_neighbours: part of the windows that have neighbours among the examples.
    """

    dataset: str
    task: str
    sigma_255: float
    what: str
    label: str
    side: int
    images: int
    reached_psnr_db: float
    at_most_psnr_db: float
    share_with_neighbours: float


def summarise(
    measured: Measured, scores: dict[tuple[str, str], pd.DataFrame], catalogue: Catalogue
) -> pd.DataFrame:
    """Return the bounds of each data set and noise level, and the prior of the best mean.

    Errors of windows are averaged before they become a PSNR, as those of the paper are.

    Args:
        measured: the bounds of each image.
        scores: (data set, task) → PSNR in dB, images × priors.
        catalogue: labels.
    """
    rows = []
    for dataset, task, sigma, whole in cases(measured):
        names = (dataset, task, round(255 * sigma, 6))
        count, mean = len(whole), whole["clairvoyant"].mean()
        rows.append(Row(*names, CLAIRVOYANT, "", 0, count, mean, nan, nan))
        own = select(measured.windows, dataset=dataset, task=task)
        for side in sorted(own["side"].unique()):
            cell = own[own["side"] == side]
            reached, least = decibels(cell["reached"].mean()), decibels(cell["least"].mean())
            share = cell["share"].mean()
            rows.append(Row(*names, WINDOW, "", int(side), len(cell), reached, least, share))
        values = scores.get((dataset, task), pd.DataFrame()).dropna(axis=1)
        if not values.empty:
            best = str(values.mean().idxmax())
            label = catalogue.prior_label(best)
            rows.append(Row(*names, PRIOR, label, 0, len(values), values[best].mean(), nan, nan))
    return frame(Row, rows)


def cases(measured: Measured) -> Iterator[tuple[str, str, float, pd.DataFrame]]:
    """Yield data set, task, σ on [0, 1], and the rows of :attr:`.Measured.whole`."""
    for (dataset, task), whole in measured.whole.groupby(["dataset", "task"], sort=False):
        yield str(dataset), str(task), float(whole["sigma"].iloc[0]), whole


def decibels(error: float) -> float:
    """Return the PSNR in dB of a mean squared error on [0, 1]."""
    return -10 * log10(error) if error > 0 else nan
