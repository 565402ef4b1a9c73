"""The page of a study: its claims with their verdicts, then its numbers."""

from __future__ import annotations

import math

from priorbench.report.grid import Cell, Grid, Section, to_markdown
from priorbench.report.page import to_html
from priorbench.report.verdicts import verdict_cell
from priorbench.specs import StudySpec
from priorbench.studies.findings import Findings

DIGITS = 5


def study_markdown(record: StudySpec, findings: Findings) -> str:
    """Return the page in Markdown."""
    head = [f"# {record.name}: {record.summary}\n", f"{record.caption}\n"]
    return "\n".join([*head, *map(to_markdown, _grids(findings))])


def study_html(record: StudySpec, findings: Findings) -> str:
    """Return the page in HTML."""
    return to_html(f"{record.name}: {record.summary}", _grids(findings), record.caption)


def _grids(findings: Findings) -> list[Grid]:
    grids = []
    if findings.claims:
        rows = [
            [
                Cell(claim.statement),
                verdict_cell(claim.verdict),
                Cell(claim.evidence),
                Cell(claim.source),
            ]
            for claim in findings.claims
        ]
        heads = ("claim", "verdict", "evidence", "source")
        grids.append(Grid("Claims", heads, [Section("", [rows])], text_columns=len(heads)))
    table = findings.table
    rows = [[Cell(_text(value)) for value in row] for row in table.itertuples(index=False)]
    grids.append(Grid("Numbers", [str(column) for column in table.columns], [Section("", [rows])]))
    return grids


def _text(value: object) -> str:
    if isinstance(value, float):
        return "–" if math.isnan(value) else f"{value:.{DIGITS}g}"
    return str(value)
