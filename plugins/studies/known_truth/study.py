"""Study ``known-truth``: how far is each prior from the exact posterior?"""

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
    """A row of the table: means over images, with intervals at 95 %."""

    dataset: str
    law: str
    task: str
    prior: str
    label: str
    images: int
    psnr_db: float
    gap_db: float
    gap_low_db: float
    gap_high_db: float
    coverage: float
    coverage_low: float
    coverage_high: float


def known_truth(experiment: Experiment) -> Findings:
    """Return gaps and coverages, their figure, and the verdicts."""
    measured = measure(experiment)
    table = summarise(measured, experiment.catalogue)
    figure = draw(table, experiment.catalogue)
    found = claims(measured, experiment.names, experiment.catalogue)
    return Findings(table=table, figure=figure, claims=found)


def summarise(measured: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Return the means of each data set, task and prior, by falling PSNR.

    Args:
        measured: rows of :func:`.measure.measure`.
        catalogue: labels of priors.
    """
    rows = []
    for key, cell in measured.groupby(["dataset", "law", "task", "prior"], sort=False):
        dataset, law, task, prior = map(str, key)
        done = cell[cell["psnr"].notna()]
        if done.empty:
            continue
        gap = Estimate.of_mean(done["exact"] - done["psnr"])
        coverage = Estimate.of_mean(done["coverage"].dropna())
        rows.append(
            Row(
                dataset,
                law,
                task,
                prior,
                catalogue.prior_label(prior),
                len(done),
                done["psnr"].mean(),
                gap.value,
                *gap.interval,
                coverage.value,
                *coverage.interval,
            )
        )
    table = frame(Row, rows)
    places = {task: place for place, task in enumerate(catalogue.tasks)}
    order = table["task"].map(places)
    ordered: pd.DataFrame = (
        table.assign(order=order)
        .sort_values(["dataset", "order", "gap_db"], kind="stable")
        .drop(columns="order")
        .reset_index(drop=True)
    )
    return ordered
