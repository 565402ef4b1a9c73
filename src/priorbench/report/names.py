"""The files of a report, known before there is any data. Light: the workflow asks when it is read."""

from __future__ import annotations

from collections.abc import Iterable

TABLE_FORMATS = ("csv", "md", "tex")
FIGURE_FORMATS = ("svg", "png")


def table_files(metrics: Iterable[str]) -> list[str]:
    """Return the names of the files that :func:`priorbench.report.tables.write_tables` writes.

    Args:
        metrics: names of the metrics; each has a table.
    """
    tables = [*metrics, "cost", "failures"]
    return [f"{table}.{format}" for table in tables for format in TABLE_FORMATS] + ["paired.csv"]
