"""Rows that many jobs wrote, brought together in one table, in two levels.

The chunks of one prior become one parquet file, the files of all priors become the whole. So a prior that is added
reads its own chunks and one file of each other prior, and no job has thousands of inputs.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from priorbench.files import read_rows, write_atomically
from priorbench.results.schema import Table


def gather_chunks(files: Sequence[Path], table: Table, path: Path) -> None:
    """Write the rows of JSON-lines ``files`` as one parquet file, sorted, atomically.

    Args:
        files: what :func:`priorbench.files.write_rows` wrote; none gives an empty table with all columns.
        table: :data:`priorbench.results.schema.RUNS` or ``SCORES``.
        path: the parquet file.

    Raises:
        ValueError: a row lacks a column, has an unknown one or a value of the wrong type, or two rows have the same
            key; the message names the files.
    """
    _write([_to_arrow(read_rows(file), table, str(file)) for file in files], files, table, path)


def gather_parts(files: Sequence[Path], table: Table, path: Path, published: Iterable[Mapping[str, Any]] = ()) -> None:
    """Write the rows of parquet ``files`` as one parquet file, sorted, atomically.

    Args:
        files: what :func:`gather_chunks` wrote.
        table: :data:`priorbench.results.schema.RUNS` or ``SCORES``.
        path: the parquet file.
        published: rows to add; see :func:`priorbench.results.published.published_rows`.

    Raises:
        ValueError: a file has other columns, or two rows have the same key; the message names the files.
    """
    parts = [pq.ParquetFile(file).read() for file in files]
    for file, part in zip(files, parts, strict=True):
        if not part.schema.equals(table.schema):
            raise ValueError(f"{file} has the columns {part.schema.names}; expected {table.schema.names}")
    _write(parts, files, table, path, published)


def read_table(path: Path) -> pd.DataFrame:
    """Read a table that this module wrote; a missing number is NaN."""
    frame: pd.DataFrame = pq.ParquetFile(path).read().to_pandas()
    return frame


def _to_arrow(rows: list[dict[str, Any]], table: Table, origin: str) -> pa.Table:
    expected = set(table.schema.names)
    for number, row in enumerate(rows, start=1):
        if row.keys() != expected:
            missing, unknown = sorted(expected - row.keys()), sorted(row.keys() - expected)
            raise ValueError(f"{origin}, row {number}: missing columns {missing}, unknown columns {unknown}")
        for field in table.schema:
            if row[field.name] is None and field.type != pa.float64():
                raise ValueError(f"{origin}, row {number}: {field.name} must be given; only numbers may be null")
    try:
        return pa.Table.from_pylist(rows, schema=table.schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ValueError(f"{origin}: a value has the wrong type: {error}") from error


def _write(
    parts: list[pa.Table],
    files: Sequence[Path],
    table: Table,
    path: Path,
    published: Iterable[Mapping[str, Any]] = (),
) -> None:
    whole = pa.concat_tables([table.schema.empty_table(), *parts])
    _check_unique(whole, np.repeat(np.arange(len(parts)), [part.num_rows for part in parts]), files, table)
    whole = pa.concat_tables([whole, _to_arrow([dict(row) for row in published], table, "published numbers")])
    order = [name for name in (*table.key, "note") if name in table.schema.names]
    whole = whole.sort_by([(name, "ascending") for name in order]).combine_chunks()
    buffer = io.BytesIO()
    pq.write_table(whole, buffer, compression="zstd")
    write_atomically(path, buffer.getvalue())


def _check_unique(whole: pa.Table, origin: np.ndarray, files: Sequence[Path], table: Table) -> None:
    keys: pd.DataFrame = whole.select(list(table.key)).to_pandas()
    repeated = keys.duplicated(keep=False).to_numpy()
    if not repeated.any():
        return
    first = keys[repeated].iloc[0]
    same = (keys == first).all(axis=1).to_numpy()
    names = ", ".join(str(files[i]) for i in sorted(set(origin[same])))
    cell = ", ".join(f"{name}={value}" for name, value in first.items())
    raise ValueError(
        f"{int(same.sum())} rows for the same cell ({cell}) in {names}; remove the file that is out of date"
    )
