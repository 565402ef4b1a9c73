"""Rows that many jobs wrote, brought together in one table."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from priorbench.results.ordering import in_order, ranks
from priorbench.results.rows import read_files, to_arrow
from priorbench.results.schema import Table
from priorbench.results.versions import marked, upgraded
from priorbench.store.files import write_atomically


def gathered(
    files: Sequence[Path], table: Table, published: Iterable[Mapping[str, Any]] = ()
) -> pa.Table:
    """Return the rows of JSON-lines ``files``, sorted.

    Args:
        files: what :func:`priorbench.store.files.write_rows` wrote; none gives an empty table with
            all columns.
        table: :data:`priorbench.results.schema.RUNS` or ``SCORES``.
        published: rows to add; see :func:`priorbench.results.published.published_rows`.

    Raises:
        ValueError: a row lacks a column, has an unknown one or a value of the wrong type, or two
            rows have the same key; the message names the files.
    """
    parts, counts = read_files(files, table)
    whole = pa.concat_tables([table.schema.empty_table(), *parts])
    _check_unique(whole, counts, files, table)
    added = to_arrow([dict(row) for row in published], table, "published numbers")
    whole = pa.concat_tables([whole, added])
    order = [name for name in (*table.key, "note") if name in table.schema.names]
    return in_order(whole.combine_chunks(), order)


def write_table(rows: pa.Table, path: Path) -> None:
    """Write rows as a parquet file, atomically."""
    buffer = io.BytesIO()
    pq.write_table(marked(rows), buffer, compression="zstd", write_page_checksum=True)
    write_atomically(path, buffer.getvalue())


def read_table(path: Path) -> pd.DataFrame:
    """Read a table that this module wrote, also in an earlier version; a missing number is NaN.

    Raises:
        NewerVersionError: a later version of priorbench wrote it.
        ValueError: the file is damaged, or has other columns than any version's tables.
    """
    frame: pd.DataFrame = upgraded(_read(path), path).to_pandas()
    return frame


def _read(path: Path) -> pa.Table:
    try:
        return pq.ParquetFile(path, page_checksum_verification=True).read()
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise ValueError(
            f"{path} is damaged: {error}; 'priorbench verify --repair' removes it"
        ) from error


def _check_unique(
    whole: pa.Table, rows: Sequence[int], files: Sequence[Path], table: Table
) -> None:
    sorted_ranks = np.sort(ranks(whole, table.key))
    if not (sorted_ranks[1:] == sorted_ranks[:-1]).any():
        return
    keys: pd.DataFrame = whole.select(list(table.key)).to_pandas()
    first = keys[keys.duplicated(keep=False)].iloc[0]
    same = (keys == first).all(axis=1).to_numpy()
    origin = np.repeat(np.arange(len(files)), rows)
    names = ", ".join(str(files[i]) for i in sorted(set(origin[same])))
    cell = ", ".join(f"{name}={value}" for name, value in first.items())
    raise ValueError(
        f"{int(same.sum())} rows for the same cell ({cell}) in {names}; "
        "remove the file that is out of date"
    )
