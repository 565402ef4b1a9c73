"""The claims of ``dip-dynamics``, decided by its table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from priorbench.studies import Claim, Verdict

from . import comparison, fitting

PAPER = "Ulyanov et al. 2018"
GOAL = "this project's goal"
CLAIMS: Sequence[tuple[str, str, Callable[[pd.DataFrame], Verdict]]] = (
    (
        "A natural image is fitted in fewer iterations than the same image with noise.",
        PAPER,
        fitting.sooner,
    ),
    (
        "High noise impedance: the shuffled pixels of the image, and noise, take at least "
        f"{fitting.MUCH:g} times as many iterations as the image.",
        PAPER,
        fitting.noise_impedance,
    ),
    (
        "While a noisy image is fitted, the PSNR against the clean one rises, peaks, and then "
        "falls.",
        PAPER,
        fitting.peak,
    ),
    (
        f"The best of the stopping rules loses at most {fitting.ALLOWED:g} dB against the peak of "
        "the PSNR.",
        GOAL,
        fitting.best_rule,
    ),
    (
        "Skip connections help denoising but harm the filling of large holes.",
        PAPER,
        comparison.skip_connections,
    ),
    (
        "Deeper is better: an hourglass of 5 scales fills large holes better than one of 2.",
        PAPER,
        comparison.depth,
    ),
    (
        f"A ResNet works, with a gain of at least {comparison.GAIN:g} dB over no prior in "
        "denoising and random inpainting; a fully connected network does not.",
        PAPER,
        comparison.residual,
    ),
    (
        "Low frequencies are fitted first: the higher the band, the later its error falls to half.",
        PAPER,
        fitting.spectral_bias,
    ),
)
"""Statement, source, and what decides."""


def claims_of(table: pd.DataFrame) -> list[Claim]:
    """Return the claims with verdicts; the table has rows of :class:`.runs.Row`."""
    return [Claim.judged(text, source, decide(table)) for text, source, decide in CLAIMS]
