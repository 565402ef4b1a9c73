"""The table of all claims that the studies of an experiment look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from math import floor, log10
from pathlib import Path

import pandas as pd
from rich.table import Table

from priorbench.report.grid import Cell, Grid, Section, to_latex, to_markdown, to_rich
from priorbench.report.page import to_html
from priorbench.report.verdicts import verdict_cell
from priorbench.results.claims import COLUMNS, JudgedClaim
from priorbench.store.files import write_atomically

NAME = "claims"
TITLE = "Claims"
NOTES = (
    "The number decides the verdict; where a claim has several parts, such as data sets, it is "
    "that of the part that is furthest from holding.",
    "Intervals are at 95 %. – means that there is none, and > that no more is known than a bound.",
    "claims.csv has the evidence in words, and the page of each study the numbers behind it.",
)
MOST_DECIMALS = 4
SIGNIFICANT = 3
"""Digits of the largest number beside a claim."""


def claims_csv(claims: Sequence[JudgedClaim]) -> pd.DataFrame:
    """Return one row for each claim, in the order of the studies, with all digits."""
    return pd.DataFrame([astuple(claim) for claim in claims], columns=list(COLUMNS))


def claims_grid(claims: Sequence[JudgedClaim]) -> Grid:
    """Return the table for people: sentence, source, verdict, number, interval, study."""
    rows = [
        [
            Cell(claim.statement),
            Cell(claim.source),
            verdict_cell(claim.verdict),
            Cell(_number(claim)),
            Cell(_interval(claim)),
            Cell(claim.study),
        ]
        for claim in claims
    ]
    heads = "claim", "source", "verdict", "number", "95 % interval", "study"
    return _grid(heads, rows, NOTES)


def write_claims_table(claims: Sequence[JudgedClaim], folder: Path) -> None:
    """Write ``claims.csv``, ``.md``, ``.tex`` and ``.html`` into a folder, atomically."""
    grid = claims_grid(claims)
    contents = {
        "csv": claims_csv(claims).to_csv(index=False, lineterminator="\n"),
        "md": to_markdown(grid),
        "tex": to_latex(grid),
        "html": to_html(grid.title, [grid]),
    }
    for suffix, content in contents.items():
        write_atomically(folder / f"{NAME}.{suffix}", content)


def claims_for_terminal(claims: Sequence[JudgedClaim], width: int) -> list[Table]:
    """Return the claims as a compact table for a terminal; nothing if there are none.

    Args:
        claims: of all studies.
        width: of the terminal in columns.
    """
    rows = [
        [
            verdict_cell(claim.verdict),
            Cell(claim.statement),
            Cell(" ".join(text for text in (_number(claim), _interval(claim)) if text != "–")),
            Cell(claim.study),
        ]
        for claim in claims
    ]
    heads = "verdict", "claim", "number and 95 % interval", "study"
    return to_rich(_grid(heads, rows), width)


def _grid(heads: Sequence[str], rows: Sequence[Sequence[Cell]], notes: Sequence[str] = ()) -> Grid:
    sections = [Section("", [rows])] if rows else []
    return Grid(TITLE, heads, sections, notes if rows else ("No claims.",), text_columns=len(heads))


def _number(claim: JudgedClaim) -> str:
    unit = f" {claim.unit}" if claim.unit else ""
    if claim.value is not None:
        return f"{claim.value:.{_decimals(claim)}f}{unit}"
    return "–" if claim.low is None else f"> {claim.low:.{_decimals(claim)}f}{unit}"


def _interval(claim: JudgedClaim) -> str:
    if claim.low is None or claim.high is None:
        return "–"
    decimals = _decimals(claim)
    return f"[{claim.low:.{decimals}f}, {claim.high:.{decimals}f}]"


def _decimals(claim: JudgedClaim) -> int:
    """Return how many digits after the point show :data:`SIGNIFICANT` of the largest number."""
    largest = max(abs(number or 0) for number in (claim.value, claim.low, claim.high))
    if not largest:
        return SIGNIFICANT - 1
    return min(max(SIGNIFICANT - 1 - floor(log10(largest)), 0), MOST_DECIMALS)
