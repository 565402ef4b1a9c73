"""What an experiment leaves behind: tidy tables, statistics, and the record of the machine. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from priorbench.results.catalogue import Catalogue
from priorbench.results.exact import exact_restorations
from priorbench.studies.findings import Claim, Findings, every, in_words, inside
from priorbench.studies.material import Material

if TYPE_CHECKING:
    # The environment record is part of this package and is written by every job; pandas would slow each of them.
    import pandas as pd

__all__ = [
    "Catalogue",
    "Claim",
    "Findings",
    "Material",
    "Results",
    "every",
    "exact_restorations",
    "in_words",
    "inside",
]


@dataclass(frozen=True, kw_only=True)
class Results:
    """All that a study may see of an experiment.

    Args:
        scores: one row for each data set, image, task, prior and metric; see :data:`priorbench.results.schema.SCORES`.
        runs: one row for each data set, image, task and prior; see :data:`priorbench.results.schema.RUNS`.
        training: prior id → its training curve, one row for each iteration.
        parameters: prior id → its parameters.
        names: prior id → the name of its record.
        catalogue: labels and order.
        material: fitted priors, images and problems.
    """

    scores: pd.DataFrame
    runs: pd.DataFrame
    training: Mapping[str, pd.DataFrame]
    parameters: Mapping[str, Mapping[str, Any]]
    names: Mapping[str, str]
    catalogue: Catalogue
    material: Material

    def by_image(self, metric: str, priors: Sequence[str]) -> dict[tuple[str, str], pd.DataFrame]:
        """Return a metric of each data set and task, images × priors.

        Only images that all ``priors`` restored are taken.
        Data sets and tasks without such an image are left out.
        """
        scores = self.scores
        own = scores[
            (scores["metric"] == metric)
            & (scores["source"] == "measured")
            & scores["prior"].isin(list(priors))
        ]
        found: dict[tuple[str, str], pd.DataFrame] = {}
        for dataset in self.catalogue.datasets:
            for task in self.catalogue.tasks:
                cell = own[(own["dataset"] == dataset) & (own["task"] == task)]
                values = cell.pivot(index="image", columns="prior", values="value")
                values = values.reindex(columns=list(priors)).dropna()
                if not values.empty:
                    found[dataset, task] = values
        return found
