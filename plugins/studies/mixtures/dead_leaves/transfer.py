"""How well mixtures do on patches and images of another kind than they learned from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from priorbench.numerics.patches import mean_log_likelihoods
from priorbench.priors import PatchPrior
from priorbench.results.statistics import mean_interval
from priorbench.types import Patches

COLUMNS = ("quantity", "unit", "model", "on", "value", "low", "high")


def block_log_likelihoods(
    models: Mapping[str, PatchPrior], sets: Mapping[str, Sequence[Patches]]
) -> dict[tuple[str, str], np.ndarray]:
    """Return for each model and each set the mean log p of each of the set's blocks of patches, in nats."""
    return {
        (model, name): mean_log_likelihoods(prior.log_prob, blocks)
        for model, prior in models.items()
        for name, blocks in sets.items()
    }


def row(
    quantity: str,
    unit: str,
    model: str,
    on: str,
    values: np.ndarray,
    bounds: Callable[[np.ndarray], tuple[float, float]] = mean_interval,
) -> dict[str, object]:
    """Return a row of :data:`COLUMNS`: the mean of ``values`` with its bounds."""
    low, high = bounds(values)
    return dict(
        zip(COLUMNS, (quantity, unit, model, on, float(values.mean()), low, high), strict=True)
    )
