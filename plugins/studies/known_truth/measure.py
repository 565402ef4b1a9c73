"""Each prior beside the exact posterior, image by image."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from priorbench.studies import Experiment
from priorbench.studies.tables import frame

EXACT = "exact"
"""Name of the spec of the exact posterior."""


class Row(NamedTuple):
    """A restoration of an image of a known law.

    Args:
        dataset: of the image.
        task: id of the task.
        image: its name.
        law: the law that the exact posterior is of.
        prior: id of the prior.
        psnr: of its estimate, in dB; NaN if it has none.
        exact: PSNR of the exact posterior mean, in dB.
        coverage: of its samples' intervals of 90 %; NaN if it draws none.
    """

    dataset: str
    task: str
    image: str
    law: str
    prior: str
    psnr: float
    exact: float
    coverage: float


def measure(experiment: Experiment) -> pd.DataFrame:
    """Return a row for each image that the exact posterior restored, and each prior.

    The law is known by the prior ``exact``; an experiment with several of them has no single truth,
    and the first is taken.
    """
    truths = [prior for prior, name in experiment.names.items() if name == EXACT]
    if not truths:
        return frame(Row, [])
    truth = truths[0]
    law = str(experiment.parameters[truth]["law"])
    coverages = experiment.by_image("coverage")
    rows: list[Row] = []
    for (dataset, task), psnr in experiment.by_image("psnr").items():
        coverage = coverages.get((dataset, task), pd.DataFrame(index=psnr.index))
        coverage = coverage.reindex(index=psnr.index, columns=psnr.columns)
        for image in psnr.index[psnr[truth].notna()]:
            rows += (
                Row(
                    dataset,
                    task,
                    str(image),
                    law,
                    str(prior),
                    psnr.loc[image, prior],
                    psnr.loc[image, truth],
                    coverage.loc[image, prior],
                )
                for prior in psnr.columns
                if prior not in truths[1:]
            )
    return frame(Row, rows)
