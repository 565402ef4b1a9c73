"""Curves: one row for each iteration, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from priorbench.files import write_atomically


def write_curve(path: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Write rows as CSV, atomically; the columns are all keys in the order of their first use."""
    columns = list(dict.fromkeys(key for row in rows for key in row)) or ["iteration"]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue())
