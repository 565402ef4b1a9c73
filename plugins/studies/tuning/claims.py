"""Two sentences on tuning, and whether an experiment bears them out.

The images are the sample: intervals are Student's at 95 % over images, paired by image.
"""

from __future__ import annotations

from math import inf

import pandas as pd

from priorbench.results import Catalogue
from priorbench.studies import Claim, Estimate, Verdict, furthest

SOURCE = "priorbench, docs/reference/plugins.md"
EQUAL = 0.05
"""Difference of means in dB that does not count."""
LEFT = 0.2
"""Gain of the oracle in dB up to which a choice on training images is as good."""
NOTHING = "no parameter of a prior was tuned"


def claims(measured: pd.DataFrame, catalogue: Catalogue) -> list[Claim]:
    """Return the claims with their verdicts.

    Args:
        measured: rows of :func:`.measure.measure`.
        catalogue: labels of priors and tasks.
    """
    harmless: list[Verdict] = []
    enough: list[Verdict] = []
    for key, cell in measured.groupby(["dataset", "task", "prior"], sort=False):
        dataset, task, prior = map(str, key)
        where = f"{dataset}, {catalogue.tasks.get(task, task)}, {catalogue.prior_label(prior)}"
        gain = Estimate.of_mean(cell["tuned"] - cell["default"], "dB")
        left = Estimate.of_mean(cell["oracle"] - cell["tuned"], "dB")
        harmless.append(gain.verdict(f"{where}: {gain.in_words(2)} dB", -EQUAL))
        enough.append(left.verdict(f"{where}: {left.in_words(2)} dB", -inf, LEFT))
    return [
        Claim.judged(
            "Parameters that were chosen on training images are not worse than the defaults",
            SOURCE,
            furthest(harmless, NOTHING),
        ),
        Claim.judged(
            f"The oracle, which chooses on the test images, gains at most {LEFT} dB more",
            SOURCE,
            furthest(enough, NOTHING),
        ),
    ]
