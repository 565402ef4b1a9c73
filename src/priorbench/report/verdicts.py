"""Verdicts on claims, as they stand in tables."""

from __future__ import annotations

from priorbench.report.grid import Cell
from priorbench.results.claims import FAILS, HOLDS, OPEN


def verdict_cell(verdict: str) -> Cell:
    """Return a verdict as a cell, with its colour."""
    cells: dict[str, Cell] = {
        HOLDS: Cell(HOLDS, "good"),
        FAILS: Cell(FAILS, "failed"),
        OPEN: Cell(OPEN, "open"),
    }
    return cells[verdict]
