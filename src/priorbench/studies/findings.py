"""What a study gives back: a table, a figure, and claims with their verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class Verdict(NamedTuple):
    """What an experiment says of a claim.

    Args:
        holds: None if the experiment can't tell.
        evidence: the numbers that decide, with their units, or why nothing is decided.
    """

    holds: bool | None
    evidence: str


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

    @classmethod
    def judged(cls, statement: str, source: str, verdict: Verdict) -> Claim:
        """Return a claim with its verdict."""
        holds, evidence = verdict
        return cls(statement=statement, source=source, evidence=evidence, holds=holds)

    @property
    def verdict(self) -> str:
        """The verdict as a word."""
        return {True: "holds", False: "does not hold", None: "not decided"}[self.holds]


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
