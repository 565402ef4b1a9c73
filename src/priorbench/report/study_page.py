"""The page of a study: its claims with their verdicts, then its numbers, in Markdown."""

from __future__ import annotations

import math

from priorbench.records import StudySpec
from priorbench.report.grid import Cell, Grid, Section, to_markdown
from priorbench.results import Findings

DIGITS = 5


def study_page(record: StudySpec, findings: Findings) -> str:
    """Return the page."""
    parts = [f"# {record.name}: {record.summary}\n", f"{record.caption}\n"]
    if findings.claims:
        rows = [
            [Cell(text) for text in (claim.statement, claim.verdict, claim.evidence, claim.source)]
            for claim in findings.claims
        ]
        heads = ("claim", "verdict", "evidence", "source")
        parts.append(to_markdown(Grid("Claims", heads, [Section("", [rows])], text_columns=4)))
    table = findings.table
    rows = [[Cell(_text(value)) for value in row] for row in table.itertuples(index=False)]
    parts.append(to_markdown(Grid("Numbers", [str(column) for column in table.columns], [Section("", [rows])])))
    return "\n".join(parts)


def _text(value: object) -> str:
    if isinstance(value, float):
        return "–" if math.isnan(value) else f"{value:.{DIGITS}g}"
    return str(value)
