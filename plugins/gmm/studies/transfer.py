"""How well mixtures do on patches and images of another kind than they learned from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from priorbench.priors import PatchPrior
from priorbench.results import Results
from priorbench.results.statistics import bootstrap_interval
from priorbench.types import Patches

COLUMNS = ("quantity", "unit", "model", "on", "value", "low", "high")


def block_log_likelihoods(
    models: Mapping[str, PatchPrior], sets: Mapping[str, Sequence[Patches]]
) -> dict[tuple[str, str], np.ndarray]:
    """Return for each model and each set the mean log p of each of the set's blocks of patches, in nats."""
    return {
        (model, name): np.array([float(prior.log_prob(block).double().mean()) for block in blocks])
        for model, prior in models.items()
        for name, blocks in sets.items()
    }


def psnr_by_image(results: Results, priors: Sequence[str]) -> dict[tuple[str, str], pd.DataFrame]:
    """Return for each data set and task the PSNR in dB, images × priors, of the images that all priors restored."""
    scores = results.scores
    own = scores[
        (scores["metric"] == "psnr")
        & (scores["source"] == "measured")
        & scores["prior"].isin(priors)
    ]
    found: dict[tuple[str, str], pd.DataFrame] = {}
    for dataset in results.catalogue.datasets:
        for task in results.catalogue.tasks:
            cell = own[(own["dataset"] == dataset) & (own["task"] == task)]
            values = (
                cell.pivot(index="image", columns="prior", values="value")
                .reindex(columns=list(priors))
                .dropna()
            )
            if not values.empty:
                found[dataset, task] = values
    return found


def row(
    quantity: str,
    unit: str,
    model: str,
    on: str,
    values: np.ndarray,
    bounds: Callable[[np.ndarray], tuple[float, float]] = bootstrap_interval,
) -> dict[str, object]:
    """Return a row of :data:`COLUMNS`: the mean of ``values`` with its bounds."""
    low, high = bounds(values)
    return dict(
        zip(COLUMNS, (quantity, unit, model, on, float(values.mean()), low, high), strict=True)
    )
