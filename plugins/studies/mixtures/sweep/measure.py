"""What changes with the number of components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from priorbench.numerics.patches import mean_log_likelihoods, probe_patches
from priorbench.studies import Estimate, Experiment

from ..components import effective_number

LIKELIHOOD = "log_likelihood"
EFFECTIVE = "effective_components"


def image_likelihoods(experiment: Experiment) -> dict[str, np.ndarray]:
    """Return the mean log-likelihood of each test image's patches in nats, for each ``gmm``."""
    images = experiment.clean_images()
    found = {}
    for prior in experiment.fitted("gmm"):
        model = experiment.prior(prior)
        blocks = probe_patches(images, model.patch_size).values()
        found[prior] = mean_log_likelihoods(model.log_prob, blocks)
    return found


def sweep_table(
    experiment: Experiment,
    likelihoods: Mapping[str, np.ndarray],
    scores: Mapping[tuple[str, str], pd.DataFrame],
) -> pd.DataFrame:
    """Return a row for each mixture.

    Args:
        experiment: the experiment.
        likelihoods: of :func:`image_likelihoods`.
        scores: PSNR in dB of each data set and task, images × mixtures.

    Returns:
        ``prior``, ``n_components``, the mean ``log_likelihood`` in nats per patch of the test
        images' :func:`priorbench.numerics.patches.probe_patches`, ``effective_components``, the
        perplexity exp(−Σₖ πₖ log πₖ) of its weights, and the mean PSNR in dB of each data set and
        task.
    """
    mixtures = list(likelihoods)
    weights = [experiment.prior(prior).mixture.weights for prior in mixtures]
    table = pd.DataFrame(
        {
            "prior": mixtures,
            "n_components": [experiment.parameters[prior]["n_components"] for prior in mixtures],
            LIKELIHOOD: [Estimate.of_mean(values).value for values in likelihoods.values()],
            EFFECTIVE: [effective_number(own) for own in weights],
        }
    )
    for cell, values in scores.items():
        table[psnr_column(*cell)] = table["prior"].map(values.mean())
    return table.sort_values(["n_components", "prior"], ignore_index=True)


def psnr_column(dataset: str, task: str) -> str:
    """Return the name of the column of mean PSNR."""
    return f"psnr_db {dataset} {task}"


def variants(parameters: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what tells each mixture from the others beside K, for example ``"start=random"``."""
    varying = [
        key
        for key in (parameters[0] if parameters else ())
        if key != "n_components" and len({repr(own.get(key)) for own in parameters}) > 1
    ]
    return [", ".join(f"{key}={own.get(key)}" for key in varying) for own in parameters]
