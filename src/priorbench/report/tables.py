"""The tables of an experiment, as files and for the terminal."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.table import Table

from priorbench.files import write_atomically
from priorbench.report.grid import Grid, to_latex, to_markdown, to_rich
from priorbench.report.paired_table import paired_grid
from priorbench.report.run_tables import cost_csv, cost_grid, failures_csv, failures_grid
from priorbench.report.score_table import score_csv, score_grid
from priorbench.results.catalogue import Catalogue
from priorbench.results.statistics import paired_differences


def write_tables(scores: pd.DataFrame, runs: pd.DataFrame, catalogue: Catalogue, folder: Path) -> list[Path]:
    """Write every table as CSV (all digits), Markdown and LaTeX, atomically.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`.
        runs: rows of :data:`priorbench.results.schema.RUNS`.
        catalogue: labels and order.
        folder: where; the names are those of the metrics, ``cost``, ``failures`` and ``paired``.

    Returns:
        The files.
    """
    tables: dict[str, tuple[pd.DataFrame, Grid]] = {
        metric: (score_csv(scores, catalogue, metric), score_grid(scores, catalogue, metric))
        for metric in catalogue.metrics
    }
    tables["cost"] = cost_csv(runs, catalogue), cost_grid(runs, catalogue)
    tables["failures"] = failures_csv(runs), failures_grid(runs, catalogue)
    tables["paired"] = paired_differences(scores, catalogue.metrics), paired_grid(scores, catalogue)
    contents = {}
    for name, (frame, grid) in tables.items():
        contents[f"{name}.csv"] = frame.to_csv(index=False, lineterminator="\n")
        contents[f"{name}.md"] = to_markdown(grid)
        contents[f"{name}.tex"] = to_latex(grid)
    for name, content in contents.items():
        write_atomically(folder / name, content)
    return [folder / name for name in contents]


def terminal_tables(scores: pd.DataFrame, runs: pd.DataFrame, catalogue: Catalogue) -> list[Table]:
    """Return what to print when an experiment is done: the first metric, and the failures if there are any."""
    metric = next(iter(catalogue.metrics))
    return to_rich(score_grid(scores, catalogue, metric)) + to_rich(failures_grid(runs, catalogue))
