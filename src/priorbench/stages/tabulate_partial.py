"""Tables of what is finished while a run goes on, from the files of its jobs alone."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path

import pyarrow as pa

from priorbench.monitor.remarks import remarks
from priorbench.plan import Plan
from priorbench.report.tables import write_tables
from priorbench.results.gather import gathered, read_table, write_table
from priorbench.results.planned import catalogue, catalogue_data, published
from priorbench.results.rows import read_files
from priorbench.results.schema import RUNS, SCORES, Table
from priorbench.store.chunk import Chunk
from priorbench.store.files import write_json


def tabulate_partial(plan: Plan) -> Path:
    """Write ``partial/runs.parquet``, ``partial/scores.parquet`` and the tables of what is
    finished.

    It reads the rows of jobs that the plan has, and waits for nothing: a job's file is whole or
    absent. One that can't be used is named on stderr and left out.

    Returns:
        The folder of the tables.

    Raises:
        ValueError: nothing is finished, or two rows are of the same cell; the message names the
            files.
    """
    whole, part = plan.layout, plan.layout.partial()
    finished, scored = _finished_jobs(plan)
    runs, scores = _usable(finished, RUNS), _usable(scored, SCORES)
    if not runs:
        raise ValueError(
            f"nothing is finished yet: there are no rows of this experiment in {whole.root}/runs"
        )
    write_table(gathered(runs, RUNS), part.result("runs"))
    write_table(gathered(scores, SCORES, published(plan)), part.result("scores"))
    folder = part.table().parent
    score_rows = read_table(part.result("scores"))
    run_rows = read_table(part.result("runs"))
    said = remarks(plan, run_rows, score_rows)
    for remark in said:
        print(f"priorbench: {remark}", file=sys.stderr)
    planned = {astuple(cell): len(plan.datasets[cell.dataset].images) for cell in plan.cells()}
    write_tables(score_rows, run_rows, catalogue(plan), folder, planned, said)
    write_json(part.catalogue(), catalogue_data(plan))
    return folder


def _finished_jobs(plan: Plan) -> tuple[dict[Path, Chunk], dict[Path, Chunk]]:
    """Return the files of runs and those of scores that are there, each with its job."""
    finished, scored = {}, {}
    for chunk in plan.all_chunks():
        runs, scores = plan.layout.runs(chunk), plan.layout.scores(chunk)
        if runs.exists():
            finished[runs] = chunk
            # Without its runs a job is being done again, and its scores are of the time before.
            if scores.exists():
                scored[scores] = chunk
    return finished, scored


def _usable(files: Mapping[Path, Chunk], table: Table) -> list[Path]:
    """Return the files whose rows can be read and are of their jobs' restorations; say which others
    there are.
    """
    try:
        return _read(files, list(files), table)
    except (ValueError, OSError):
        # One of them is damaged: each alone tells which.
        usable = []
        for file in files:
            try:
                usable += _read(files, [file], table)
            except FileNotFoundError:
                continue
            except (ValueError, OSError) as error:
                print(f"priorbench: left out: {error}", file=sys.stderr)
        return usable


def _read(known: Mapping[Path, Chunk], files: Sequence[Path], table: Table) -> list[Path]:
    """Return those of the ``files`` that have rows, all of restorations of their job.

    Raises:
        ValueError: a file is damaged.
        OSError: a file can't be read.
    """
    parts, counts = read_files(files, table)
    whole = pa.concat_tables([table.schema.empty_table(), *parts])
    rows = list(zip(whole["task"].to_pylist(), whole["image"].to_pylist(), strict=True))
    usable, start = [], 0
    for file, count in zip(files, counts, strict=True):
        restored = set(rows[start : start + count])
        start += count
        if restored - {(cell.task, image) for cell, image in known[file].restorations()}:
            print(
                f"priorbench: left out: {file} has restorations that its job has not",
                file=sys.stderr,
            )
        elif restored:
            usable.append(file)
    return usable
