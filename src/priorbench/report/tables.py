"""The tables of an experiment, as files and for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from rich.table import Table

from priorbench.report.cost_table import cost_csv, cost_grid
from priorbench.report.coverage import Planned
from priorbench.report.failure_table import failures_csv, failures_grid
from priorbench.report.grid import Grid, to_latex, to_markdown, to_rich
from priorbench.report.page import to_html
from priorbench.report.paired_table import paired_csv, paired_grid
from priorbench.report.ranking_table import ranking_csv, ranking_grid
from priorbench.report.score_table import score_csv, score_grid
from priorbench.report.solver_notes import solver_notes
from priorbench.results.catalogue import Catalogue
from priorbench.store.files import write_atomically


def write_tables(
    scores: pd.DataFrame,
    runs: pd.DataFrame,
    catalogue: Catalogue,
    folder: Path,
    planned: Planned | None = None,
    remarks: Sequence[str] = (),
) -> list[Path]:
    """Write every table as CSV (all digits), Markdown, LaTeX and HTML, atomically.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`.
        runs: rows of :data:`priorbench.results.schema.RUNS`.
        catalogue: labels and order.
        folder: where; the names are those of the metrics, ``cost``, ``failures``, ``paired`` and
            ``ranking``.
        remarks: what must be said of the rows; stands first among the notes of each table.
        planned: how many images each cell will have, while a run goes on: the tables then say how
            much is there.

    Returns:
        The files.
    """
    tables: dict[str, tuple[pd.DataFrame, Grid]] = {}
    of_solvers = solver_notes(runs, catalogue)
    for metric in catalogue.metrics:
        grid = score_grid(scores, catalogue, metric, planned)
        tables[metric] = (
            score_csv(scores, catalogue, metric, planned),
            replace(grid, notes=[*grid.notes, *of_solvers]),
        )
    tables["cost"] = cost_csv(runs, catalogue, planned), cost_grid(runs, catalogue, planned)
    tables["failures"] = (
        failures_csv(runs, scores),
        failures_grid(runs, scores, catalogue, planned),
    )
    tables["paired"] = (
        paired_csv(scores, catalogue, planned),
        paired_grid(scores, catalogue, planned),
    )
    tables["ranking"] = (
        ranking_csv(scores, catalogue, planned),
        ranking_grid(scores, catalogue, planned),
    )
    contents = {}
    for name, (frame, plain) in tables.items():
        grid = replace(plain, notes=[*remarks, *plain.notes])
        contents[f"{name}.csv"] = frame.to_csv(index=False, lineterminator="\n")
        contents[f"{name}.md"] = to_markdown(grid)
        contents[f"{name}.tex"] = to_latex(grid)
        contents[f"{name}.html"] = to_html(grid.title, [grid])
    for name, content in contents.items():
        write_atomically(folder / name, content)
    return [folder / name for name in contents]


def terminal_tables(
    scores: pd.DataFrame, runs: pd.DataFrame, catalogue: Catalogue, width: int
) -> list[Table]:
    """Return what to print when an experiment is done: the first metric and the failures.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`.
        runs: rows of :data:`priorbench.results.schema.RUNS`.
        catalogue: labels and order.
        width: of the terminal in columns.
    """
    metric = catalogue.main_metric
    return to_rich(score_grid(scores, catalogue, metric), width) + to_rich(
        failures_grid(runs, scores, catalogue), width
    )
