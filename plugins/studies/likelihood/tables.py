"""From images to means: what the measurements of each data set and noise level come to."""

from __future__ import annotations

from collections.abc import Iterator
from math import log, log2, log10

import pandas as pd

from priorbench.results import Catalogue

TABLE_COLUMNS = (
    *("dataset", "task", "sigma_255", "prior", "label", "images", "dimensions"),
    *("log_likelihood_nats_per_patch", "bits_per_dimension"),
    *("patch_psnr_db", "epll_psnr_db", "averaged_psnr_db", "non_overlapping_psnr_db"),
)


def summarise(measured: pd.DataFrame, dimensions: int, catalogue: Catalogue) -> pd.DataFrame:
    """Return one row for each data set, denoising task and model, the least likely model first.

    Args:
        measured: rows of :func:`.measure.measure`.
        dimensions: d of the density, 63 for patches of 8 × 8 pixels without their mean.
        catalogue: labels.

    Returns:
        σ on the 0–255 scale, the number of ``images`` in the means, the ``dimensions`` d, the mean log-likelihood L of
        held-out clean patches in nats on these dimensions for intensities on [0, 1], bits per dimension of the same
        for intensities on 0–255, log₂ 255 − L / (d ln 2), and the PSNR in dB of all patches together, each image
        weighing the same, and of whole images, the mean over images.
    """
    rows = []
    for dataset, task, sigma, cell in cells(measured):
        means = (
            cell.groupby("prior", sort=False)
            .mean(numeric_only=True)
            .sort_values("log_likelihood", kind="stable")
        )
        for own in means.reset_index().to_dict("records"):
            values = (
                *(dataset, task, sigma, own["prior"], catalogue.prior_label(own["prior"])),
                *(cell["image"].nunique(), dimensions, own["log_likelihood"]),
                log2(255) - own["log_likelihood"] / (dimensions * log(2)),
                *(
                    -10 * log10(own["patch_mse"]),
                    own["epll"],
                    own["averaged"],
                    own["non_overlapping"],
                ),
            )
            rows.append(dict(zip(TABLE_COLUMNS, values, strict=True)))
    return pd.DataFrame(rows, columns=list(TABLE_COLUMNS))


def cells(measured: pd.DataFrame) -> Iterator[tuple[str, str, float, pd.DataFrame]]:
    """Yield (data set, task, σ on the 0–255 scale, rows) with the images that every model restored by EPLL.

    A model that EPLL restored no image with is not asked.
    """
    for (dataset, task), cell in measured.groupby(["dataset", "task"], sort=False):
        restored = by_image(cell, "epll")
        missing = restored.index[restored.isna().any(axis=1)]
        kept = cell[~cell["image"].isin(missing)]
        yield str(dataset), str(task), round(255 * float(cell["sigma"].iloc[0]), 6), kept


def by_image(cell: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return images × models, without models that have no value."""
    return cell.pivot(index="image", columns="prior", values=column).dropna(axis=1, how="all")
