"""The trace of a restoration: what an iterative prior has noted on its way."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from priorbench.site.columns import Columns, number


def read_trace(path: Path) -> Columns:
    """Return a trace that was written as CSV.

    Raises:
        OSError: the file can't be read.
    """
    with path.open(newline="", encoding="utf-8") as file:
        columns, *rows = csv.reader(file)
    return Columns(columns, [[_value(text) for text in row] for row in rows])


def _value(text: str) -> Any:
    """Return a number where the text is one: a trace may hold words."""
    try:
        return number(text)
    except ValueError:
        return text
