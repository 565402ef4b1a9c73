"""Tables of studies: from rows to a frame, and rows of one kind out of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

__all__ = ["frame", "select"]


def frame(kind: type[tuple[Any, ...]], rows: Iterable[tuple[Any, ...]] = ()) -> pd.DataFrame:
    """Return rows of a :class:`typing.NamedTuple` as a table, with its columns if there are none.

    Args:
        kind: the class of the rows.
        rows: the rows.
    """
    return pd.DataFrame(rows, columns=list(kind.__annotations__))


def select(table: pd.DataFrame, **values: object) -> pd.DataFrame:
    """Return the rows that have these values in these columns."""
    for column, value in values.items():
        table = table[table[column] == value]
    return table
