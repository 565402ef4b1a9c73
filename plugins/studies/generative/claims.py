"""Two sentences on generative models, and whether an experiment bears them out."""

from __future__ import annotations

import pandas as pd

from priorbench.studies import Claim, Estimate, Experiment, Verdict, furthest, together
from priorbench.studies.correlation import rank_correlation

from .measure import PHOTOGRAPHS, Measured

EVALUATION = "Theis, van den Oord & Bethge, ICLR 2016, arXiv:1511.01844"
COLLAPSE = "Kynkäänniemi et al., NeurIPS 2019, arXiv:1904.06991"
SHARE = 0.5
"""Of the recall of photographs themselves: less is called a collapse."""
FEWEST = 3


def claims(measured: Measured, experiment: Experiment) -> list[Claim]:
    """Return the claims with their verdicts."""
    return [
        Claim.judged(
            "A prior whose draws are nearer to photographs restores them better",
            EVALUATION,
            together(
                _together(measured.rows, experiment), "fewer than three priors draw and restore"
            ),
        ),
        Claim.judged(
            f"The draws of every prior reach at least {SHARE:g} times as many patches of "
            "photographs as other patches of photographs do",
            COLLAPSE,
            furthest(_recalls(measured, experiment), "no prior draws patches"),
        ),
    ]


def _together(rows: pd.DataFrame, experiment: Experiment) -> list[Verdict]:
    """Return for each data set and task whether the order of the draws is that of the PSNR."""
    distance = rows.set_index("prior")["distance"].drop(PHOTOGRAPHS, errors="ignore")
    if len(distance) < FEWEST:
        return []
    verdicts = []
    for (dataset, task), psnr in experiment.by_image("psnr", list(distance.index)).items():
        nearness = pd.DataFrame([-distance] * len(psnr), index=psnr.index)
        rho = rank_correlation(nearness, psnr)
        words = (
            f"{dataset}, {experiment.catalogue.tasks[task]}: mean Spearman's ρ = "
            f"{rho.in_words(2, '-')} of {len(distance)} priors over {len(psnr)} images"
        )
        verdicts.append(rho.verdict(words, 0))
    return verdicts


def _recalls(measured: Measured, experiment: Experiment) -> list[Verdict]:
    """Return for each prior whether it reaches enough patches; the patches are the sample."""
    reached = measured.reached.astype(float)
    if PHOTOGRAPHS not in reached:
        return []
    enough = SHARE * reached[PHOTOGRAPHS]
    verdicts = []
    for prior in reached.columns.drop(PHOTOGRAPHS):
        # Paired: both look at the same patches.
        surplus = Estimate.of_mean(reached[prior] - enough)
        words = (
            f"{experiment.catalogue.prior_label(prior)} {reached[prior].mean():.0%}, photographs "
            f"{reached[PHOTOGRAPHS].mean():.0%}"
        )
        verdicts.append(surplus.verdict(words, 0))
    return verdicts
