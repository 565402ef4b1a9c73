"""Two sentences on the bounds, and whether an experiment bears them out.

The images are the sample: intervals are Student's at 95 % over images, paired by image.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from priorbench.results import Catalogue
from priorbench.studies import Claim, Estimate, Verdict, together
from priorbench.studies.tables import select

from .measure import Measured
from .tables import WITH_NEIGHBOURS, cases

NO_IMAGES = "no Gaussian denoising task has an image that every prior restored"
NO_WINDOWS = "no window has neighbours among those of training images"
OPTIMALITY = "Levin & Nadler, CVPR 2011, doi:10.1109/CVPR.2011.5995309"
IDEAL = "Donoho & Johnstone 1994, doi:10.1093/biomet/81.3.425"


def claims(
    measured: Measured, scores: dict[tuple[str, str], pd.DataFrame], catalogue: Catalogue
) -> list[Claim]:
    """Return the claims with their verdicts.

    Args:
        measured: the bounds of each image.
        scores: (data set, task) → PSNR in dB, images × priors.
        catalogue: labels.
    """
    below: list[Verdict] = []
    beyond: list[Verdict] = []
    for dataset, task, sigma, whole in cases(measured):
        values = scores.get((dataset, task), pd.DataFrame()).dropna(axis=1)
        if values.empty:
            continue
        where = f"{dataset}, σ = {255 * sigma:g}"
        ideal = whole.set_index("image")["clairvoyant"].reindex(values.index)
        below.append(_below(where, ideal, values, catalogue))
        own = select(measured.windows, dataset=dataset, task=task)
        beyond += _beyond(where, own, values, catalogue)
    return [
        Claim.judged(
            "No prior denoises as well as the Wiener filter of 8 × 8 patches that knows the image",
            IDEAL,
            together(below, NO_IMAGES),
        ),
        Claim.judged(
            "The best prior uses more than a small window: it denoises better than any estimate "
            "from the largest window that has neighbours",
            OPTIMALITY,
            together(beyond, NO_WINDOWS),
        ),
    ]


def _below(where: str, ideal: pd.Series, values: pd.DataFrame, catalogue: Catalogue) -> Verdict:
    """Return whether every prior is below the clairvoyant filter."""
    gaps = {prior: Estimate.of_mean(ideal - values[prior], "dB") for prior in values}
    nearest = min(gaps, key=lambda prior: gaps[prior].value)
    evidence = (
        f"{where}: {gaps[nearest].in_words(2)} dB above the nearest of {len(gaps)} priors "
        f"({catalogue.prior_label(str(nearest))}), over {len(values)} images"
    )
    return together((gap.verdict("", 0) for gap in gaps.values()), "")._replace(evidence=evidence)


def _beyond(
    where: str, windows: pd.DataFrame, values: pd.DataFrame, catalogue: Catalogue
) -> Iterator[Verdict]:
    """Yield whether the best prior is above the bound of the largest window with neighbours."""
    shares = windows.groupby("side")["share"].mean()
    sides = shares.index[shares >= WITH_NEIGHBOURS]
    if sides.empty:
        return
    side = int(sides.max())
    cell = windows[windows["side"] == side].set_index("image")
    best = str(values.mean().idxmax())
    common = values.index.intersection(cell.index)
    most = -10 * np.log10(cell["least"].reindex(common))
    lead = Estimate.of_mean(values.loc[common, best] - most, "dB")
    yield lead.verdict(
        f"{where}: {catalogue.prior_label(best)} {lead.in_words(2)} dB above the bound of "
        f"{side} × {side} windows, over {len(common)} images",
        0,
    )
