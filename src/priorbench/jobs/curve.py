"""Curves: one row for each iteration, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence


def curve_text(rows: Sequence[Mapping[str, float]]) -> str:
    """Return rows as CSV; the columns are all keys in the order of their first use."""
    columns = list(dict.fromkeys(key for row in rows for key in row)) or ["iteration"]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
