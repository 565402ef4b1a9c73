"""What is claimed of natural pre-images and of activation maximisation, and what decides."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import ttest_ind

from priorbench.results.statistics import CONFIDENCE
from priorbench.studies import Claim, Estimate, Verdict, every, together
from priorbench.studies.tables import select

from .activation import DISTANCE, REACHED, SHARE, weights_that_reach
from .pre_images import DEEP, ERROR, METHODS, NONE, PSNR, SSIM, VARIATION

OTHERS = NONE, VARIATION
SOURCE = "Ulyanov et al. 2018, natural pre-image"
STATEMENT = (
    "What the Deep Image Prior finds from {} is closer to the photograph than what is found "
    "without a prior and with total variation."
)

EXCITING_SOURCE = "Ulyanov et al. 2020, activation maximisation"
EXCITING_STATEMENT = (
    "At the same activation of a class, the image that the Deep Image Prior makes is nearer to the "
    "class's own images, in the distribution of patches, than what is found without a prior and "
    "with total variation."
)


def claim_of(feature: str, table: pd.DataFrame, weights: Mapping[str, float]) -> Claim:
    """Return whether the Deep Image Prior came closer, by its mean over starts, in PSNR and SSIM.

    Args:
        feature: its name.
        table: of this feature, rows of :class:`.study.Row`.
        weights: of the total variation, by method.
    """

    def values(method: str, quantity: str) -> np.ndarray:
        rows = select(table, method=method, weight=weights[method], quantity=quantity)
        return rows.sort_values("start")["value"].to_numpy()

    parts, evidence = [], []
    for quantity, digits in ((PSNR, 2), (SSIM, 3), (ERROR, 3)):
        own = {method: values(method, quantity) for method in METHODS}
        numbers = (f"{method} {_range(value, digits)}" for method, value in own.items())
        evidence.append(f"{quantity}: {', '.join(numbers)}")
        if quantity != ERROR:
            unit = "dB" if quantity == PSNR else quantity
            others = (own[other] for other in OTHERS)
            parts.append(together((_above(own[DEEP], other, unit) for other in others), ""))
    starts = table["start"].nunique()
    tried = select(table, method=VARIATION)["weight"].nunique()
    evidence.append(
        f"lowest to highest of {starts} starts, total variation with the best of {tried} weights, "
        f"{weights[VARIATION]:g}"
    )
    holds = every(part.holds for part in parts)
    # Decibels and SSIM can't be compared: PSNR goes first.
    deciding = next(part for part in parts if part.holds is holds)
    verdict = deciding._replace(evidence="; ".join(evidence))
    return Claim.judged(STATEMENT.format(feature), SOURCE, verdict)


def exciting_claim(table: pd.DataFrame) -> Claim:
    """Return whether the Deep Image Prior came nearer to every class, by its mean over starts.

    A class in which a method did not reach the activation is not decided.

    Args:
        table: of all classes, rows of :class:`.study.Row`.
    """
    parts = [_nearer(str(name), own) for name, own in table.groupby("feature", sort=False)]
    verdict = together(parts, "no class")
    starts = table["start"].nunique()
    ending = f"{DISTANCE}, lowest to highest of {starts} starts, the best weight in parentheses"
    verdict = verdict._replace(evidence=f"{verdict.evidence}; {ending}")
    return Claim.judged(EXCITING_STATEMENT, EXCITING_SOURCE, verdict)


def _nearer(name: str, table: pd.DataFrame) -> Verdict:
    """Return the verdict on one class, with the distances of all methods as evidence."""
    weights = weights_that_reach(table)
    searches = {
        method: select(table, method=method, weight=weights[method]).sort_values("start")
        for method in METHODS
    }

    def values(method: str, quantity: str) -> np.ndarray:
        return select(searches[method], quantity=quantity)["value"].to_numpy()

    short = [method for method in METHODS if values(method, SHARE).min() < REACHED]
    if short:
        return Verdict(None, f"{name}: {' and '.join(short)} did not reach the activation")
    distances = {method: values(method, DISTANCE) for method in METHODS}
    numbers = ", ".join(f"{method} {_range(own, 1)}" for method, own in distances.items())
    gains = [_above(distances[other], distances[DEEP], "gray levels") for other in OTHERS]
    return together(gains, "")._replace(evidence=f"{name}: {numbers} ({weights[VARIATION]:g})")


def _above(values: np.ndarray, others: np.ndarray, unit: str) -> Verdict:
    """Return whether a mean is above the other by Welch's interval at 95 %.

    Equal numbers have no spread, and are compared as they are.
    """
    gain = Estimate(float(values.mean() - others.mean()), unit=unit)
    if min(len(values), len(others)) < 2:
        return gain.verdict("", 0)
    if not (np.ptp(values) or np.ptp(others)):
        return Verdict(gain.value > 0 if gain.value else None, "", gain, gain.value)
    found = ttest_ind(values, others, equal_var=False).confidence_interval(CONFIDENCE)
    return Estimate(gain.value, (float(found.low), float(found.high)), unit).verdict("", 0)


def _range(values: np.ndarray, digits: int) -> str:
    low, high = f"{values.min():.{digits}f}", f"{values.max():.{digits}f}"
    return low if low == high else f"{low} to {high}"
