"""The table of ``gmm-dead-leaves``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from priorbench.studies import Estimate
from priorbench.studies.tables import frame

from .measure import Compared


class Row(NamedTuple):
    """A row of the table.

    Args:
        quantity: what was measured.
        unit: of the numbers.
        model: id of the mixture, or of both.
        on: patches, data set and task, or pairs of components.
        value: the mean.
        low: of the interval at 95 % over images or blocks of patches; of angles, the 10 % quantile
            over pairs.
        high: of the interval; of angles, the 90 % quantile.
    """

    quantity: str
    unit: str
    model: str
    on: str
    value: float
    low: float
    high: float


def table_of(compared: Compared) -> pd.DataFrame:
    """Return likelihoods, PSNR and angles as rows."""
    rows = [
        _mean_row("log-likelihood", "nats per patch", model, on, values)
        for (model, on), values in compared.likelihoods.items()
    ]
    rows += [
        _mean_row("PSNR", "dB", str(model), f"{dataset} {task}", values[model].to_numpy())
        for (dataset, task), values in compared.psnr.items()
        for model in values.columns
    ]
    return frame(Row, rows + _angle_rows(compared))


def _mean_row(quantity: str, unit: str, model: str, on: str, values: np.ndarray) -> Row:
    mean = Estimate.of_mean(values)
    return Row(quantity, unit, model, on, mean.value, *mean.interval)


def _angle_rows(compared: Compared) -> list[Row]:
    if compared.alignment is None:
        return []
    pairs = {
        "matched pairs": compared.alignment.matched,
        "pairs matched after scrambling": compared.alignment.scrambled.flatten(0, 1),
        "other pairs": compared.alignment.others,
    }
    models = f"{compared.natural.prior}, {compared.leaves.prior}"
    rows = []
    for on, angles in pairs.items():
        for number, own in enumerate(angles.mT.contiguous().numpy() if len(angles) else (), 1):
            low, high = np.quantile(own, (0.1, 0.9)).tolist()
            quantity = f"principal angle {number}"
            rows.append(Row(quantity, "degrees", models, on, float(own.mean()), low, high))
    return rows
