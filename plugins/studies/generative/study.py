"""Study ``generative``: what is each generative prior good at?"""

from __future__ import annotations

import pandas as pd

from priorbench.studies import Experiment, Findings

from .claims import claims
from .figure import draw
from .measure import PHOTOGRAPHS, Measured, measure

COLUMNS = {
    "log_likelihood": "log_likelihood_nats_per_patch",
    "training_seconds": "training_processor_seconds",
    "draw_seconds": "processor_seconds_for_1000_patches",
    "distance": "patch_distance_gray_levels",
}
"""Names in the table, with their units."""


def generative(experiment: Experiment) -> Findings:
    """Return density, cost, draws and restorations of each prior, their figure, and verdicts."""
    measured = measure(experiment)
    table = summarise(measured, experiment)
    figure = draw(measured, experiment.catalogue)
    return Findings(table=table, figure=figure, claims=claims(measured, experiment))


def summarise(measured: Measured, experiment: Experiment) -> pd.DataFrame:
    """Return the measurements, and the mean PSNR in dB for each data set and task."""
    catalogue = experiment.catalogue
    table = measured.rows.rename(columns=COLUMNS)
    labels = [
        prior if prior == PHOTOGRAPHS else catalogue.prior_label(prior) for prior in table["prior"]
    ]
    table.insert(1, "label", labels)
    for (dataset, task), psnr in experiment.by_image("psnr").items():
        table[f"psnr_db_{dataset}_{task}"] = table["prior"].map(psnr.mean())
    return table
