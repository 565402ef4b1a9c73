"""Sentences that hold for whatever images come from a known law.

The images are the sample: intervals are Student's at 95 % over images, paired by image.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import pandas as pd

from priorbench.results import Catalogue
from priorbench.studies import Claim, Estimate, Verdict, furthest

from .measure import EXACT

SOURCE = "priorbench, plugins/known_truth/README.md"
LINEAR = "wiener-learned"
"""Name of the spec of the Wiener filter that learned the spectrum."""
EQUAL = 0.01
"""Difference of means in dB that does not count."""
NOMINAL, NEAR = 0.9, 0.02
"""Level of the intervals, and how far from it a share of pixels may be."""
NO_LAW = "no image of a known law was restored"


def claims(measured: pd.DataFrame, names: Mapping[str, str], catalogue: Catalogue) -> list[Claim]:
    """Return the claims with their verdicts.

    Args:
        measured: rows of :func:`.measure.measure`.
        names: prior id → name of its spec.
        catalogue: labels of priors and tasks.
    """
    bounded: list[Verdict] = []
    linear: list[Verdict] = []
    covered: list[Verdict] = []
    for key, cell in measured.groupby(["dataset", "task", "prior"], sort=False):
        dataset, task, prior = map(str, key)
        where = f"{dataset}, {catalogue.tasks.get(task, task)}, {catalogue.prior_label(prior)}"
        gap = Estimate.of_mean((cell["exact"] - cell["psnr"]).dropna(), "dB")
        if names[prior] == EXACT:
            share = Estimate.of_mean(cell["coverage"].dropna())
            covered.append(
                share.verdict(f"{where}: {share.in_words(3, '-')}", NOMINAL - NEAR, NOMINAL + NEAR)
            )
            continue
        bounded.append(gap.verdict(f"{where}: {gap.in_words(3)} dB below", -EQUAL))
        if names[prior] == LINEAR and set(cell["law"]) == {"gaussian"}:
            linear.append(gap.verdict(f"{where}: {gap.in_words(3)} dB below", -inf, EQUAL))
    return [
        Claim.judged(
            "No prior is better in the mean than the exact posterior mean",
            SOURCE,
            furthest(bounded, NO_LAW),
        ),
        Claim.judged(
            "On a Gaussian field the Wiener filter with the learned spectrum loses nothing: at "
            f"most {EQUAL} dB",
            SOURCE,
            furthest(linear, "the law is no Gaussian field, or the filter was not run"),
        ),
        Claim.judged(
            "Nine tenths of the pixels lie within the interval of 90 % of the exact posterior's "
            "samples",
            SOURCE,
            furthest(covered, NO_LAW),
        ),
    ]
