"""What a study gives back: a table, a figure, and claims with their verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from priorbench.results.claims import FAILS, HOLDS, OPEN, JudgedClaim, finite

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from priorbench.studies.verdicts import Estimate


class Verdict(NamedTuple):
    """What an experiment says of a claim.

    Attributes:
        holds: None if the experiment can't tell.
        evidence: the numbers that decide, with their units, or why nothing is decided.
        number: the one that decides; None if there is none.
        room: how far it lies within the bounds that it is held against, in its own unit, see
            :meth:`Estimate.room`; of several parts the one with the least decides.
    """

    holds: bool | None
    evidence: str
    number: Estimate | None = None
    room: float = inf


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence of a paper, and what this experiment says of it.

    Args:
        statement: the claim, in words that can be wrong.
        source: where it is made.
        evidence: the numbers that decide, with their units.
        holds: the verdict; None if the experiment can't tell.
        number: the one that decides, for the table of all claims. Where a claim has several parts,
            such as data sets, it is that of the part that is furthest from holding.
    """

    statement: str
    source: str
    evidence: str
    holds: bool | None
    number: Estimate | None = None

    @classmethod
    def judged(cls, statement: str, source: str, verdict: Verdict) -> Claim:
        """Return a claim with its verdict."""
        return cls(
            statement=statement,
            source=source,
            evidence=verdict.evidence,
            holds=verdict.holds,
            number=verdict.number,
        )

    @property
    def verdict(self) -> str:
        """The verdict as a word."""
        return {True: HOLDS, False: FAILS, None: OPEN}[self.holds]

    def of_study(self, study: str) -> JudgedClaim:
        """Return the claim as a row of the table of all claims.

        Args:
            study: the name of the study that judges it.
        """
        number = self.number
        return JudgedClaim(
            study=study,
            statement=self.statement,
            source=self.source,
            verdict=self.verdict,
            value=finite(number.value) if number else None,
            low=finite(number.interval[0]) if number else None,
            high=finite(number.interval[1]) if number else None,
            unit=number.unit if number else "",
            evidence=self.evidence,
        )


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
