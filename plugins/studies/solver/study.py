"""Study ``solver``: does the order of priors depend on the solver?"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from priorbench.results import Catalogue
from priorbench.studies import Estimate, Experiment, Findings
from priorbench.studies.tables import frame

from .claims import claims
from .figure import draw
from .measure import measure
from .variations import AS_RUN


class Row(NamedTuple):
    """A row of the table; the change is that from what ran, with its interval at 95 %."""

    dataset: str
    task: str
    prior: str
    label: str
    variation: str
    images: int
    psnr_db: float
    change_db: float
    change_low_db: float
    change_high_db: float


def solver(experiment: Experiment) -> Findings:
    """Return the means with each variation of the splitting, their figure, and the verdicts."""
    measured = measure(experiment)
    table = summarise(measured, experiment.catalogue)
    figure = draw(table, experiment.catalogue)
    return Findings(table=table, figure=figure, claims=claims(measured, experiment))


def summarise(measured: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Return the means of each data set, task, prior and variation; changes are paired by image.

    Args:
        measured: rows of :func:`.measure.measure`.
        catalogue: labels of priors.
    """
    rows = []
    for key, cell in measured.groupby(["dataset", "task", "prior"], sort=False):
        dataset, task, prior = map(str, key)
        values = cell.pivot(index="image", columns="variation", values="psnr")
        label = catalogue.prior_label(prior)
        for variation in cell["variation"].unique():
            own = values[variation]
            change = Estimate.of_mean(own - values[AS_RUN])
            names = (dataset, task, prior, label, variation)
            rows.append(Row(*names, len(own), own.mean(), change.value, *change.interval))
    return frame(Row, rows)
