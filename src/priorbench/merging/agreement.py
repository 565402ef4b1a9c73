"""Whether what two parts say of the same thing agrees."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from priorbench.errors import in_brief
from priorbench.merging.parts import MergeError, Part, Restoration
from priorbench.plan import Plan
from priorbench.store.cell import Cell
from priorbench.store.files import read_json
from priorbench.store.layout import Layout

EQUAL = 1e-6
"""The relative difference up to which two scores are the same: what another processor's rounding
makes of one computation.
"""


def check_complete(part: Part) -> None:
    """Refuse a part whose rows are not those of its plan.

    Raises:
        MergeError: the message names some.
    """
    wrong = part.jobs.keys() ^ part.runs.keys() or part.jobs.keys() ^ part.scores.keys()
    if wrong:
        raise MergeError(
            f"the rows of {part} are not those of its config.yaml, as of "
            f"{in_brief(sorted(map(str, wrong)))}: run snakemake there first"
        )


def tunings_of(plan: Plan, cell: Cell) -> list[str]:
    """Return what is tuned for a cell, each with the data set that it is tuned on."""
    tune_on = plan.prior(cell.prior).tune_on
    return [f"{target} ({tune_on})" for target in plan.tunings.targets(cell.task, cell.prior)]


def check_same(restoration: Restoration, first: Part, other: Part) -> None:
    """Refuse two results of one restoration that differ.

    Raises:
        MergeError: the message says in what.
    """
    statuses = [part.runs[restoration]["status"] for part in (first, other)]
    if statuses[0] != statuses[1]:
        raise MergeError(
            f"{restoration} ended as {statuses[0]} in {first} and as {statuses[1]} in {other}"
        )
    for metric, score in first.scores[restoration].items():
        theirs = other.scores[restoration][metric]
        values = score["value"], theirs["value"]
        same = (
            values[0] == values[1]
            if None in values
            else math.isclose(*values, rel_tol=EQUAL, abs_tol=EQUAL)
        )
        if not same or score["status"] != theirs["status"]:
            raise MergeError(
                f"{restoration} has two scores in {metric}: {_shown(score)} in {first}, "
                f"{_shown(theirs)} in {other}; leave the prior out of one of them"
            )


def _shown(score: Mapping[str, Any]) -> str:
    return score["status"] if score["value"] is None else repr(score["value"])


def fit_of(layout: Layout, prior: str) -> tuple[str, str]:
    """Return how a fit went and the checksum of its model."""
    about = read_json(layout.training(prior))
    return about["status"], about["sha256"]


def choice_of(path: Path) -> list[Any]:
    """Return what a tuning chose."""
    about = read_json(path)
    return [about.get("status"), about.get("parameters"), about.get("solver")]
