"""What the study claims of larger mixtures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from priorbench.studies import Claim, Estimate, Verdict, together

SOURCE = "Zoran & Weiss, NIPS 2012"


def likelihood_rises(
    table: pd.DataFrame, variants: Sequence[str], likelihoods: Mapping[str, np.ndarray]
) -> Claim:
    """Return whether each step to more components, all else equal, raises the likelihood."""
    verdicts: list[Verdict] = []
    parts = []
    for variant, own in table.assign(variant=list(variants)).groupby("variant", sort=False):
        priors = list(own["prior"])
        steps = [
            Estimate.of_mean(likelihoods[more] - likelihoods[less], "nats per patch")
            for less, more in pairwise(priors)
        ]
        verdicts += [step.verdict("", 0) for step in steps]
        words = [f"({step.in_words(1)})" for step in steps]
        levels = [
            f"K={k}: {Estimate.of_mean(likelihoods[prior]).value:.1f}"
            for k, prior in zip(own["n_components"], priors, strict=True)
        ]
        texts = map(" ".join, zip(levels[1:], words, strict=True))
        parts.append(", ".join([*([str(variant)] if variant else []), levels[0], *texts]))
    evidence = f"nats per patch, steps with their 95 % intervals over images: {'; '.join(parts)}"
    return Claim.judged(
        "The likelihood of patches of test images rises with the number of components, "
        "over the whole sweep.",
        SOURCE,
        together(verdicts, evidence if verdicts else "fewer than two numbers of components"),
    )


def psnr_rises(table: pd.DataFrame, values: pd.DataFrame, where: str) -> Claim:
    """Return whether the PSNR rises with K, by the mean over images of its slope over log₂ K.

    Args:
        table: of :func:`.measure.sweep_table`.
        values: PSNR in dB, images × mixtures.
        where: the task and the data set, for the statement.
    """
    counts = table["n_components"].to_numpy(dtype=np.float64)
    own = values[table["prior"]]
    # One slope for each image, so that the images are the sample.
    slopes = np.full(len(own), np.nan)
    if len(set(counts)) > 1:
        slopes = np.polyfit(np.log2(counts), own.to_numpy().T, 1)[0]
    slope = Estimate.of_mean(slopes, "dB for each doubling")
    means = [f"K={k:.0f}: {psnr:.2f} dB" for k, psnr in zip(counts, own.mean(), strict=True)]
    words = f"{slope.in_words(3)} dB for each doubling over {len(own)} images; {', '.join(means)}"
    return Claim.judged(
        f"PSNR rises with the number of components: {where}.", SOURCE, slope.verdict(words, 0)
    )
