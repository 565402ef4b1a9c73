"""Study ``solver``: does the order of priors depend on the solver?"""

from __future__ import annotations

import pandas as pd

from priorbench.results import Findings, Results
from priorbench.results.statistics import mean_interval

from .claims import claims
from .figure import draw
from .measure import measure
from .variations import AS_RUN

TABLE_COLUMNS = (
    "dataset",
    "task",
    "prior",
    "label",
    "variation",
    "images",
    "psnr_db",
    "change_db",
    "change_low_db",
    "change_high_db",
)


def solver(results: Results) -> Findings:
    """Return the means with each variation of the splitting, their figure, and the verdicts."""
    measured = measure(results)
    table = summarise(measured, results)
    return Findings(
        table=table, figure=draw(table, results.catalogue), claims=claims(measured, results)
    )


def summarise(measured: pd.DataFrame, results: Results) -> pd.DataFrame:
    """Return the mean PSNR of each data set, task, prior and variation, and its change from what ran.

    Args:
        measured: rows of :func:`.measure.measure`.
        results: labels.

    Returns:
        ``psnr_db``, and ``change_db`` with Student's interval at 95 %, paired by image.
    """
    rows = []
    for names, cell in measured.groupby(["dataset", "task", "prior"], sort=False):
        values = cell.pivot(index="image", columns="variation", values="psnr")
        for variation in cell["variation"].unique():
            change = (values[variation] - values[AS_RUN]).to_numpy()
            numbers = (values[variation].mean(), change.mean(), *mean_interval(change))
            label = results.catalogue.prior_label(str(names[2]))
            of = (*names, label, variation, len(values))
            rows.append(dict(zip(TABLE_COLUMNS, (*of, *numbers), strict=True)))
    return pd.DataFrame(rows, columns=list(TABLE_COLUMNS))
