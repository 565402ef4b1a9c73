"""What a table says of the solvers behind its numbers."""

from __future__ import annotations

import pandas as pd

from priorbench.results.catalogue import Catalogue

ALIKE = (
    "Where pixels are missing or mixed, a splitting restores. The settings of plug-and-play were "
    "chosen on training images, from one grid for all priors; EPLL has one schedule for all "
    "priors, with which it converges. runs.parquet has the schedule of each restoration."
)
EXCEPTIONS = {
    "tuned": "Chosen in this experiment",
    "configuration": "Set by the configuration, not chosen",
    "default": "Not tuned, with the default of their kind",
}
"""What is said of priors whose settings don't come with them, by the origin of the settings."""


def solver_notes(runs: pd.DataFrame, catalogue: Catalogue) -> list[str]:
    """Return how the settings of the solvers were chosen; nothing if there was no splitting.

    Args:
        runs: rows of :data:`priorbench.results.schema.RUNS`.
        catalogue: labels and order.
    """
    split = runs[runs["solver_origin"] != ""]
    if split.empty:
        return []
    parts = [ALIKE]
    for origin, words in EXCEPTIONS.items():
        found = set(split.loc[split["solver_origin"] == origin, "prior"])
        labels = [label for prior, label in catalogue.priors.items() if prior in found]
        if labels:
            parts.append(f"{words}: {', '.join(labels)}.")
    return [" ".join(parts)]
