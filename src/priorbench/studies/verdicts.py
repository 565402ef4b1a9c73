"""From numbers with confidence intervals to verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isnan

import numpy as np
from numpy.typing import ArrayLike

from priorbench.results.statistics import mean_interval
from priorbench.studies.findings import Verdict


def every(verdicts: Iterable[bool | None]) -> bool | None:
    """Return the verdict on several parts together.

    Returns:
        False if one part does not hold, else None if one is not decided or there is none, else
        True.
    """
    known = list(verdicts)
    # One part that fails is enough, whatever is open.
    if False in known:
        return False
    return None if None in known or not known else True


def together(parts: Iterable[Verdict], otherwise: str) -> Verdict:
    """Return the verdict on a claim that holds if it holds for every part, with all evidence.

    Args:
        parts: for example one for each data set.
        otherwise: the evidence if there is no part.
    """
    known = list(parts)
    evidence = "; ".join(part.evidence for part in known)
    return Verdict(every(part.holds for part in known), evidence or otherwise)


def inside(interval: tuple[float, float], low: float, high: float = inf) -> bool | None:
    """Return True if an interval lies between two bounds, False if outside, else None."""
    below, above = interval
    if isnan(below) or isnan(above):
        return None
    # An interval that contains a bound decides nothing.
    if above < low or below > high:
        return False
    return True if low < below and above < high else None


def in_words(interval: tuple[float, float], digits: int, sign: str = "+") -> str:
    """Return an interval in the words of evidence, ``[+0.10, +0.32]`` or ``(no interval)``.

    Args:
        interval: its ends; NaN if there is none.
        digits: after the point.
        sign: ``+`` for a sign before each number, ``-`` for negative ones only.
    """
    low, high = interval
    if isnan(low) or isnan(high):
        return "(no interval)"
    return f"[{low:{sign}.{digits}f}, {high:{sign}.{digits}f}]"


@dataclass(frozen=True)
class Estimate:
    """A number with its confidence interval.

    Args:
        value: the number.
        interval: at 95 %; NaN at both ends if there is none.
    """

    value: float
    interval: tuple[float, float]

    @classmethod
    def of_mean(cls, values: ArrayLike) -> Estimate:
        """Return the mean of values, NaN without any, with Student's interval."""
        sample = np.asarray(values, dtype=np.float64)
        return cls(float(sample.mean()) if len(sample) else np.nan, mean_interval(sample))

    def within(self, low: float, high: float = inf) -> bool | None:
        """Return whether the number lies between two bounds; None if its interval does not tell."""
        return inside(self.interval, low, high)

    def in_words(self, digits: int, sign: str = "+") -> str:
        """Return the number and its interval, ``+0.21 [+0.10, +0.32]``; see :func:`in_words`."""
        return f"{self.value:{sign}.{digits}f} {in_words(self.interval, digits, sign)}"
