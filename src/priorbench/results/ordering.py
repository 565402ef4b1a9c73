"""The order of rows by some of their columns; whole numbers make it fast for a million rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def in_order(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return the rows sorted by the columns ``names``; equal rows stay in their order."""
    return table.take(pa.array(np.argsort(ranks(table, names), kind="stable")))


def ranks(table: pa.Table, names: Sequence[str]) -> np.ndarray:
    """Return a number for each row, in the order of its columns ``names``, compared in turn.

    Args:
        table: any rows.
        names: columns of text.

    Returns:
        int64, one for each row.
    """
    combined, count = np.zeros(table.num_rows, np.int64), 1
    for name in names:
        codes, different = _codes(table.column(name))
        if count * different > np.iinfo(np.int64).max:
            # Of all combinations only those that occur get a number.
            found, combined = np.unique(combined, return_inverse=True)
            count = len(found)
        combined, count = combined * different + codes, count * different
    return combined


def _codes(column: pa.ChunkedArray) -> tuple[np.ndarray, int]:
    """Return each value's place among the different values in order, and how many these are."""
    encoded = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
    order = pc.array_sort_indices(encoded.dictionary).to_numpy()
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place[encoded.indices.to_numpy()], max(1, len(order))
