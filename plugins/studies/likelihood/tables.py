"""From images to means: what the measurements of each data set and noise level come to."""

from __future__ import annotations

from collections.abc import Iterator
from math import log, log2, log10
from typing import NamedTuple

import pandas as pd

from priorbench.results import Catalogue
from priorbench.studies.tables import frame


class Row(NamedTuple):
    """A row of the table: means over images.

    Args:
        dataset: of the images.
        task: Gaussian denoising.
        sigma_255: σ on the 0–255 scale.
        prior: id of the model.
        label: its label.
        images: how many are in the means.
        dimensions: d of the density, 63 for patches of 8 × 8 pixels without their mean.
        log_likelihood_nats_per_patch: L of clean patches, for intensities on [0, 1].
        bits_per_dimension: log₂ 255 − L / (d ln 2), for intensities on 0–255.
        patch_psnr_db: of all patches together, each image weighing the same.
        epll_psnr_db: of whole images by EPLL.
        averaged_psnr_db: of whole images from the average of single patches.
        non_overlapping_psnr_db: of whole images from patches side by side.
    """

    dataset: str
    task: str
    sigma_255: float
    prior: str
    label: str
    images: int
    dimensions: int
    log_likelihood_nats_per_patch: float
    bits_per_dimension: float
    patch_psnr_db: float
    epll_psnr_db: float
    averaged_psnr_db: float
    non_overlapping_psnr_db: float


def summarise(measured: pd.DataFrame, dimensions: int, catalogue: Catalogue) -> pd.DataFrame:
    """Return a row for each data set, denoising task and model, the least likely model first.

    Args:
        measured: rows of :func:`.measure.measure`.
        dimensions: d of the density.
        catalogue: labels.
    """
    rows = []
    for dataset, task, sigma, cell in cells(measured):
        images = cell["image"].nunique()
        means = cell.groupby("prior", sort=False).mean(numeric_only=True)
        means = means.sort_values("log_likelihood", kind="stable")
        for own in means.reset_index().to_dict("records"):
            nats = own["log_likelihood"]
            row = Row(
                dataset,
                task,
                sigma,
                own["prior"],
                catalogue.prior_label(own["prior"]),
                images,
                dimensions,
                nats,
                bits_per_dimension=log2(255) - nats / (dimensions * log(2)),
                patch_psnr_db=-10 * log10(own["patch_mse"]),
                epll_psnr_db=own["epll"],
                averaged_psnr_db=own["averaged"],
                non_overlapping_psnr_db=own["non_overlapping"],
            )
            rows.append(row)
    return frame(Row, rows)


def cells(measured: pd.DataFrame) -> Iterator[tuple[str, str, float, pd.DataFrame]]:
    """Yield data set, task, σ on the 0–255 scale, and the rows of the images that count.

    They are those that every model restored by EPLL. A model that EPLL restored no image with
    does not decide on that.
    """
    for (dataset, task), cell in measured.groupby(["dataset", "task"], sort=False):
        restored = by_image(cell, "epll")
        missing = restored.index[restored.isna().any(axis=1)]
        kept = cell[~cell["image"].isin(missing)]
        yield str(dataset), str(task), round(255 * float(cell["sigma"].iloc[0]), 6), kept


def by_image(cell: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return images × models, without models that have no value."""
    return cell.pivot(index="image", columns="prior", values=column).dropna(axis=1, how="all")
