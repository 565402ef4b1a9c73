"""Study ``perception-distortion``: is the best estimate natural?"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from priorbench.results import Catalogue
from priorbench.studies import Experiment, Findings
from priorbench.studies.tables import frame

from .claims import claims
from .figure import draw
from .measure import measure


class Row(NamedTuple):
    """A row of the table: means over images."""

    dataset: str
    task: str
    prior: str
    label: str
    kind: str
    images: int
    psnr_db: float
    patch_distance_gray_levels: float


def perception_distortion(experiment: Experiment) -> Findings:
    """Return both measures, their figure, and the verdicts."""
    measured = measure(experiment)
    table = summarise(measured, experiment.catalogue)
    figure = draw(table, experiment.catalogue)
    return Findings(table=table, figure=figure, claims=claims(measured, experiment.catalogue))


def summarise(measured: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Return the means of each data set, task, prior and kind of image.

    Args:
        measured: rows of :func:`.measure.measure`.
        catalogue: labels of priors.
    """
    rows = []
    for key, cell in measured.groupby(["dataset", "task", "prior", "kind"], sort=False):
        dataset, task, prior, kind = map(str, key)
        label = catalogue.prior_label(prior)
        means = cell["psnr"].mean(), cell["distance"].mean()
        rows.append(Row(dataset, task, prior, label, kind, len(cell), *means))
    return frame(Row, rows)
