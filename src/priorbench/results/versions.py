"""Versions of the result tables' columns: a file says its own, and an earlier one is upgraded.

Version 1 is what was written before the seconds of processors were recorded, version 2 before
there were samples. Neither the first nor the first files of the second say their version, and are
told apart by their columns.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from priorbench import __version__
from priorbench.results.schema import RUNS, SCORES

VERSION = 3
"""The version of :data:`priorbench.results.schema.RUNS` and ``SCORES``."""
_KEY = b"schema_version"


class NewerVersionError(ValueError):
    """A file was written by a later version of priorbench, which may mean something else by it."""


def marked(rows: pa.Table) -> pa.Table:
    """Return rows of the present columns with their version in the metadata."""
    return rows.replace_schema_metadata({_KEY: str(VERSION)})


def upgraded(rows: pa.Table, path: Path) -> pa.Table:
    """Return the rows of a file with the columns of the present version, one step after another.

    Args:
        rows: what was read.
        path: the file, for errors.

    Raises:
        NewerVersionError: the file is of a later version.
        ValueError: it has other columns than its version.
    """
    version = _version(rows, path)
    for step in _STEPS[version - 1 :]:
        rows = step(rows)
    # Pages have checksums, the names of columns have none.
    if not any(rows.schema.equals(known.schema) for known in (RUNS, SCORES)):
        raise ValueError(
            f"{path} is damaged, or of another version: its columns are "
            f"{', '.join(rows.schema.names)}; 'priorbench verify --repair' removes it"
        )
    return rows


def _version(rows: pa.Table, path: Path) -> int:
    text = (rows.schema.metadata or {}).get(_KEY, b"").decode(errors="replace")
    if not text:
        return _first_version(rows)
    if not text.isdecimal() or not int(text):
        raise ValueError(
            f"{path} is damaged: its schema_version is {text!r}; "
            "'priorbench verify --repair' removes it"
        )
    if int(text) > VERSION:
        raise NewerVersionError(
            f"{path} has schema_version {text}, and priorbench {__version__} reads those up to "
            f"{VERSION}: update priorbench to read it"
        )
    return int(text)


def _first_version(rows: pa.Table) -> int:
    """Return the version of a file that does not say it, which no file of version 3 is."""
    if rows.schema.equals(_RUNS_1):
        return 1
    return 2 if rows.schema.equals(_RUNS_2) else VERSION


def _with_processors(rows: pa.Table) -> pa.Table:
    """1 → 2: seconds of processors and memory of devices, of which nothing is known."""
    return _completed(rows, _RUNS_2) if rows.schema.equals(_RUNS_1) else rows


def _with_samples(rows: pa.Table) -> pa.Table:
    """2 → 3: no restoration had samples."""
    return _completed(rows, RUNS.schema) if rows.schema.equals(_RUNS_2) else rows


def _completed(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return rows with the columns of a schema: 0 or missing in those that they lack."""
    columns = [
        rows[field.name] if field.name in rows.schema.names else _empty(field, rows.num_rows)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _empty(field: pa.Field, count: int) -> pa.Array:
    """Return what a column holds where nothing was measured: whole numbers are never missing."""
    if pa.types.is_integer(field.type):
        return pa.repeat(pa.scalar(0, field.type), count)
    return pa.nulls(count, field.type)


_SINCE_2 = (
    "processor_seconds",
    "device_memory_mb",
    "training_processor_seconds",
    "training_device_memory_mb",
)
_SINCE_3 = ("samples", "sampling_seconds", "sampling_processor_seconds")
_RUNS_2 = pa.schema([field for field in RUNS.schema if field.name not in _SINCE_3])
_RUNS_1 = pa.schema([field for field in _RUNS_2 if field.name not in _SINCE_2])
_STEPS: tuple[Callable[[pa.Table], pa.Table], ...] = (_with_processors, _with_samples)
"""The step at index i leads from version i + 1 to the next one."""
