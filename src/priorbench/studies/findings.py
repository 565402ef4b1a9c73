"""What a study gives back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, isnan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence of a paper, and what this experiment says of it.

    Args:
        statement: the claim, in words that can be wrong.
        source: where it is made.
        evidence: the numbers that decide, with their units.
        holds: the verdict; None if the experiment can't tell.
    """

    statement: str
    source: str
    evidence: str
    holds: bool | None

    @property
    def verdict(self) -> str:
        """The verdict as a word."""
        return {True: "holds", False: "does not hold", None: "not decided"}[self.holds]


def every(verdicts: Iterable[bool | None]) -> bool | None:
    """Return the verdict on several parts: False if one is, else None if one is or there is none, else True."""
    known = list(verdicts)
    if False in known:
        return False
    return None if None in known or not known else True


def inside(interval: tuple[float, float], low: float, high: float = inf) -> bool | None:
    """Return True if an interval lies between two bounds, False if outside, else None."""
    below, above = interval
    if isnan(below) or isnan(above):
        return None
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


@dataclass(frozen=True, kw_only=True)
class Findings:
    """The answer to a study's question.

    Args:
        table: the numbers; units stand in the names of the columns.
        figure: the picture.
        claims: the verdicts.
    """

    table: pd.DataFrame
    figure: Figure
    claims: Sequence[Claim] = ()
