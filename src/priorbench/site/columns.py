"""Rows under named columns, as the page gets them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

TEXT = frozenset(
    {
        "best",
        "best_image",
        "dataset",
        "device",
        "evidence",
        "group",
        "image",
        "mark",
        "metric",
        "note",
        "prior",
        "reason",
        "source",
        "stage",
        "statement",
        "status",
        "study",
        "task",
        "unit",
        "verdict",
        "worst_image",
    }
)
"""Columns of text; all others hold numbers, or nothing."""
WHOLE = re.compile(r"-?[0-9]+")


@dataclass(frozen=True)
class Columns:
    """A table of plain values.

    Args:
        columns: their names.
        rows: values, None where there is none.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


def read_columns(path: Path, columns: Sequence[str] | None = None) -> Columns:
    """Return columns of a table that was written as CSV, each number as it stands there.

    Args:
        path: the file.
        columns: which, in order; None for all.

    Raises:
        FileNotFoundError: there is no such table yet.
        ValueError: it lacks a column, or a number is none; the message names the file.
    """
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        found = list(reader.fieldnames or [])
        wanted = found if columns is None else columns
        if missing := [name for name in wanted if name not in found]:
            raise ValueError(f"{path} lacks the columns {', '.join(missing)}; make it again")
        try:
            rows = [[_value(name, row[name]) for name in wanted] for row in reader]
        except ValueError as error:
            raise ValueError(f"{path}, line {reader.line_num}: {error}") from error
    return Columns(wanted, rows)


def number(text: str) -> float | int | None:
    """Return the number that a text stands for, None for an empty one.

    Raises:
        ValueError: it is none.
    """
    if not text:
        return None
    return int(text) if WHOLE.fullmatch(text) else float(text)


def of_frame(frame: pd.DataFrame, columns: Sequence[str]) -> Columns:
    """Return columns of a frame."""
    return Columns(columns, rows_of(frame[name] for name in columns))


def rows_of(series: Iterable[pd.Series[Any]]) -> list[list[Any]]:
    """Return columns as rows of plain values."""
    return [list(row) for row in zip(*(each.tolist() for each in series), strict=True)]


def _value(name: str, text: str) -> Any:
    return text if name in TEXT else number(text)
