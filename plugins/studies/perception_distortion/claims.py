"""Two sentences on averages and samples, and whether an experiment bears them out.

The images are the sample: intervals are Student's at 95 % over images, paired by image.
"""

from __future__ import annotations

import math

import pandas as pd

from priorbench.results import Catalogue
from priorbench.studies import Claim, Estimate, Verdict, furthest

from .measure import ESTIMATE, MEAN, SAMPLE

TRADE_OFF = "Blau & Michaeli, CVPR 2018, doi:10.1109/CVPR.2018.00652"
TWICE = 10 * math.log10(2)
"""What a draw from the posterior loses against the posterior mean, in dB."""
NEAR = 0.5
NO_SAMPLES = "no prior drew samples"


def claims(measured: pd.DataFrame, catalogue: Catalogue) -> list[Claim]:
    """Return the claims with their verdicts.

    Args:
        measured: rows of :func:`.measure.measure`.
        catalogue: labels of priors and tasks.
    """
    natural: list[Verdict] = []
    lost: list[Verdict] = []
    for key, cell in measured.groupby(["dataset", "task", "prior"], sort=False):
        dataset, task, prior = map(str, key)
        where = f"{dataset}, {catalogue.tasks.get(task, task)}, {catalogue.prior_label(prior)}"
        psnr = cell.pivot(index="image", columns="kind", values="psnr")
        distance = cell.pivot(index="image", columns="kind", values="distance")
        if SAMPLE not in psnr:
            continue
        nearer = Estimate.of_mean((distance[ESTIMATE] - distance[SAMPLE]).dropna(), "gray levels")
        natural.append(nearer.verdict(f"{where}: {nearer.in_words(2)} gray levels nearer", 0))
        loss = Estimate.of_mean((psnr[MEAN] - psnr[SAMPLE]).dropna(), "dB")
        low, high = TWICE - NEAR, TWICE + NEAR
        lost.append(loss.verdict(f"{where}: {loss.in_words(2)} dB", low, high))
    return [
        Claim.judged(
            "The patches of a sample are nearer to those of the clean image than the patches of "
            "the estimate",
            TRADE_OFF,
            furthest(natural, NO_SAMPLES),
        ),
        Claim.judged(
            f"A sample has 3 dB less PSNR than the mean of samples, within {NEAR} dB",
            TRADE_OFF,
            furthest(lost, NO_SAMPLES),
        ),
    ]
