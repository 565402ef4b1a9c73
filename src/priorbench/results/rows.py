"""Rows in files of JSON lines, read as columns.

Many files at once go through Arrow's parser, which is fast but lenient and tells neither file nor
row. What it refuses, and what it may have understood otherwise, is read again one row after the
other, which is exact and says what is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.json

from priorbench.results.schema import Table
from priorbench.store.files import read_rows, read_sealed

BATCH_BYTES = 2**25
"""What is parsed at once: a few hundred of the usual files, and little memory."""
_TYPES = {pa.string(): (str,), pa.int64(): (int,), pa.float64(): (float, int)}


def read_files(files: Sequence[Path], table: Table) -> tuple[list[pa.Table], list[int]]:
    """Read files that :func:`priorbench.store.files.write_rows` wrote.

    Args:
        files: the files.
        table: the columns that each row has.

    Returns:
        the rows in the files' order, in one part or more, and the number of rows of each file.

    Raises:
        ValueError: a file was cut off or changed or is no JSON, or a row lacks a column, has an
            unknown one or a value of the wrong type; the message names the file.
    """
    parts: list[pa.Table] = []
    rows: list[int] = []
    for batch, contents in _batches(files):
        part = parse(contents, table)
        if part is None:
            exact = [to_arrow(read_rows(file), table, str(file)) for file in batch]
            parts += exact
            rows += [one.num_rows for one in exact]
        else:
            parts.append(part)
            rows += [content.count(b"\n") for content in contents]
    return parts, rows


def parse(contents: Sequence[bytes], table: Table) -> pa.Table | None:
    """Return all rows of some files' ``contents``, or None if anything about them is unusual."""
    if not all(
        not content or (content.startswith(b"{") and content.endswith(b"}\n"))
        for content in contents
    ):
        return None
    data = b"".join(contents)
    if not data:
        return table.schema.empty_table()
    reading = pyarrow.json.ReadOptions(use_threads=False, block_size=len(data))
    parsing = pyarrow.json.ParseOptions(
        explicit_schema=table.schema, unexpected_field_behavior="error"
    )
    try:
        part = pyarrow.json.read_json(pa.BufferReader(data), reading, parsing)
        part.validate(full=True)  # The parser takes bytes that are no UTF-8.
    except pa.ArrowInvalid:
        return None
    # It also takes several objects on a line, and empty lines, with which the files' rows could not
    # be counted.
    lines = data.count(b"\n")
    if not part.num_rows == lines == data.count(b"}\n{") + 1:
        return None
    return (
        part
        if all(_is_given(part.column(field.name), field, data) for field in table.schema)
        else None
    )


def _is_given(column: pa.ChunkedArray, field: pa.Field, data: bytes) -> bool:
    """Whether a column is there in all rows, and not null unless it may be."""
    if not column.null_count:
        return True
    # A number that is null and one that is missing look the same. A key of this name is in each row
    # at most once, and no string can hold what is counted: its quotes are escaped.
    return bool(field.type == pa.float64()) and data.count(f'"{field.name}":'.encode()) == len(
        column
    )


def to_arrow(rows: list[dict[str, Any]], table: Table, origin: str) -> pa.Table:
    """Return rows as columns, each checked.

    Args:
        rows: plain data.
        table: the columns that each row has.
        origin: where the rows come from, for errors.

    Raises:
        ValueError: a row lacks a column, has an unknown one or a value of the wrong type.
    """
    expected = set(table.schema.names)
    for number, row in enumerate(rows, start=1):
        where = f"{origin}, row {number}"
        if not isinstance(row, dict):
            raise ValueError(f"{where}: a row must name its columns, which {row!r:.60} does not")
        if row.keys() != expected:
            missing, unknown = sorted(expected - row.keys()), sorted(row.keys() - expected)
            raise ValueError(f"{where}: missing columns {missing}, unknown columns {unknown}")
        for field in table.schema:
            _check(row[field.name], field, where)
    columns = [[_stored(row[field.name], field) for row in rows] for field in table.schema]
    arrays = [
        pa.array(column, field.type) for column, field in zip(columns, table.schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=table.schema)


def _check(value: Any, field: pa.Field, where: str) -> None:
    """Raise ValueError if a column can't hold a value as it is."""
    if value is None and field.type != pa.float64():
        raise ValueError(f"{where}: {field.name} must be given; only numbers may be null")
    fits = value is None or type(value) in _TYPES[field.type]
    if fits and field.type == pa.int64():
        fits = -(2**63) <= value < 2**63
    if fits and field.type == pa.float64() and type(value) is int:
        fits = abs(value) <= sys.float_info.max
    if not fits:
        raise ValueError(
            f"{where}: a value has the wrong type: {field.name} must be {field.type}, "
            f"not {value!r:.60}"
        )


def _stored(value: Any, field: pa.Field) -> Any:
    """Return a value as Arrow takes it."""
    if isinstance(value, str):
        # The name of a file that is no UTF-8 leaves surrogates in messages; of these the escapes
        # are kept.
        return value.encode(errors="backslashreplace").decode()
    return float(value) if field.type == pa.float64() and value is not None else value


def _batches(files: Sequence[Path]) -> Iterator[tuple[list[Path], list[bytes]]]:
    """Yield files with their contents, as many at once as are parsed at once."""
    batch: list[Path] = []
    contents: list[bytes] = []
    size = 0
    for file in files:
        batch.append(file)
        contents.append(read_sealed(file))
        size += len(contents[-1])
        if size >= BATCH_BYTES:
            yield batch, contents
            batch, contents, size = [], [], 0
    if batch:
        yield batch, contents
