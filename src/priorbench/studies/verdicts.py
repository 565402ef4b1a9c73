"""From numbers with confidence intervals to verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isnan, nan

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

    Its number is that of the part which decides: of those with the same verdict as the whole, the
    one that is furthest from holding.

    Args:
        parts: for example one for each data set.
        otherwise: the evidence if there is no part.
    """
    known = list(parts)
    holds = every(part.holds for part in known)
    evidence = "; ".join(part.evidence for part in known if part.evidence)
    deciding = [part for part in known if part.holds is holds and part.number]
    if not deciding:
        return Verdict(holds, evidence or otherwise)
    furthest = min(deciding, key=lambda part: part.room)
    return furthest._replace(holds=holds, evidence=evidence or otherwise)


def furthest(parts: Iterable[Verdict], otherwise: str) -> Verdict:
    """Return the verdict on a claim that holds if it holds for every part, with the evidence of
    the part that decides alone; see :func:`together`.

    Args:
        parts: of which there are too many to name all.
        otherwise: the evidence if there is no part.
    """
    known = list(parts)
    whole = together(known, otherwise)
    deciding = [part for part in known if part.holds is whole.holds]
    if not deciding:
        return whole
    evidence = min(deciding, key=lambda part: part.room).evidence
    return whole._replace(evidence=f"{evidence}, the furthest of {len(known)} from holding")


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


NO_INTERVAL = nan, nan


@dataclass(frozen=True)
class Estimate:
    """A number with its confidence interval.

    Args:
        value: the number; NaN if no more is known than what the interval says.
        interval: at 95 %; NaN at both ends if there is none.
        unit: for example ``"dB"``; empty for a pure number.
    """

    value: float
    interval: tuple[float, float] = NO_INTERVAL
    unit: str = ""

    @classmethod
    def of_mean(cls, values: ArrayLike, unit: str = "") -> Estimate:
        """Return the mean of values, NaN without any, with Student's interval."""
        sample = np.asarray(values, dtype=np.float64)
        mean = float(sample.mean()) if len(sample) else nan
        return cls(mean, mean_interval(sample), unit)

    def within(self, low: float, high: float = inf) -> bool | None:
        """Return whether the number lies between two bounds; None if its interval does not tell."""
        return inside(self.interval, low, high)

    def room(self, low: float, high: float = inf) -> float:
        """Return how far the interval, or else the number, lies within two bounds.

        It is negative where it reaches beyond one of them, and infinite where nothing is known.
        """
        below, above = (self.value if isnan(end) else end for end in self.interval)
        room = min(below - low, high - above)
        return inf if isnan(room) else room

    def verdict(self, evidence: str, low: float, high: float = inf) -> Verdict:
        """Return the verdict on whether the number lies between two bounds."""
        return Verdict(self.within(low, high), evidence, self, self.room(low, high))

    def in_words(self, digits: int, sign: str = "+") -> str:
        """Return the number and its interval, ``+0.21 [+0.10, +0.32]``; see :func:`in_words`."""
        return f"{self.value:{sign}.{digits}f} {in_words(self.interval, digits, sign)}"
