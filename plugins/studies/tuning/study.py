"""Study ``tuning``: what are parameters worth that were chosen on training images?"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from priorbench.results import Catalogue
from priorbench.studies import Estimate, Experiment, Findings
from priorbench.studies.tables import frame

from .claims import claims
from .figure import draw
from .measure import measure


class Row(NamedTuple):
    """A row of the table: means over images, and the gain by tuning with its interval at 95 %."""

    dataset: str
    task: str
    prior: str
    label: str
    images: int
    combinations: int
    default_psnr_db: float
    tuned_psnr_db: float
    gain_db: float
    gain_low_db: float
    gain_high_db: float
    oracle_psnr_db: float


def tuning(experiment: Experiment) -> Findings:
    """Return the means with each choice of the parameters, their figure, and the verdicts."""
    measured = measure(experiment)
    table = summarise(measured, experiment.catalogue)
    figure = draw(table, experiment.catalogue)
    return Findings(table=table, figure=figure, claims=claims(measured, experiment.catalogue))


def summarise(measured: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Return the means of each data set, task and prior.

    Args:
        measured: rows of :func:`.measure.measure`.
        catalogue: labels of priors.
    """
    rows = []
    for key, cell in measured.groupby(["dataset", "task", "prior"], sort=False):
        dataset, task, prior = map(str, key)
        gain = Estimate.of_mean(cell["tuned"] - cell["default"])
        rows.append(
            Row(
                dataset,
                task,
                prior,
                catalogue.prior_label(prior),
                len(cell),
                int(cell["combinations"].iloc[0]),
                cell["default"].mean(),
                cell["tuned"].mean(),
                gain.value,
                *gain.interval,
                cell["oracle"].mean(),
            )
        )
    return frame(Row, rows)
