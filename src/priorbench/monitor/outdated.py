"""Results that were computed with other code, settings or input files than the plan has now.

Snakemake compares what it remembers of its own runs. It remembers nothing of results that were
copied from another machine, so each result is compared here by the fingerprint beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from priorbench.plan import Plan
from priorbench.provenance import content_digests
from priorbench.store.cell import Cell
from priorbench.store.files import read_json

CELL = ["dataset", "task", "prior"]
SHOWN = 3
REMEDY = "run snakemake, or 'priorbench verify --repair' first if it finds nothing to do"


def outdated_notes(plan: Plan, runs: pd.DataFrame, scores: pd.DataFrame) -> list[str]:
    """Return what to say under tables of these rows: nothing if they are all up to date.

    Args:
        plan: the experiment as it is now.
        runs: rows of :data:`priorbench.results.schema.RUNS`.
        scores: rows of :data:`priorbench.results.schema.SCORES`.
    """
    measured = scores[scores["source"] == "measured"]
    restored = [
        f"{prior} on {task}"
        for dataset, task, prior, fingerprint in _groups(runs, CELL)
        if fingerprint != plan.fingerprints.restored(Cell(dataset, task, prior))
    ]
    scored = [
        f"{metric} of {prior} on {task}"
        for dataset, task, prior, metric, fingerprint in _groups(measured, [*CELL, "metric"])
        if fingerprint != plan.fingerprints.score(Cell(dataset, task, prior), metric)
    ]
    # Scores of restorations that are out of date are so as well.
    found = restored or scored
    if not found:
        return []
    what = "restorations" if restored else "scores"
    return [
        f"Out of date: {what} ({_some(found)}) were computed with other code, settings or images "
        f"than the present ones; {REMEDY}."
    ]


def outdated_manifest(path: Path, fingerprint: str) -> str:
    """Return why what a manifest lists is out of date; empty if it is not.

    Args:
        path: what ``prepare`` or ``corrupt`` wrote.
        fingerprint: of the plan.
    """
    about = _read(path).get("about", {})
    if about.get("fingerprint") == fingerprint:
        return ""
    sources: dict[str, str] = about.get("sources", {})
    contents = content_digests(map(Path, sources))
    changed = [file for file, digest in sources.items() if contents[file] != digest]
    if changed:
        return f"out of date: made from another version of {_some(changed)}"
    return "out of date: made with other code or settings"


def outdated_record(path: Path, fingerprint: str) -> str:
    """Return why a training or a tuning is out of date; empty if it is not."""
    same = _read(path).get("fingerprint") == fingerprint
    return "" if same else "out of date: made with other code, settings or images"


def _groups(rows: pd.DataFrame, names: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield the different values of some columns and the fingerprint."""
    different = rows[[*names, "fingerprint"]].drop_duplicates()
    yield from different.itertuples(index=False, name=None)


def _some(names: list[str]) -> str:
    names = list(dict.fromkeys(names))
    more = len(names) - SHOWN
    shown = ", ".join(names[:SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown


def _read(path: Path) -> dict[str, Any]:
    found = read_json(path)
    return found if isinstance(found, dict) else {}
