"""A part of an experiment: a folder of results with the plan that made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from priorbench.config import load_experiment
from priorbench.plan import Plan
from priorbench.plugins.registry import Registry
from priorbench.results.gather import read_table
from priorbench.store.cell import Cell
from priorbench.store.chunk import Chunk
from priorbench.store.layout import Layout


class MergeError(ValueError):
    """Experiments do not belong together; the message says what differs, and where."""


@dataclass(frozen=True)
class Restoration:
    """One image restored by one prior.

    Args:
        cell: data set, task and prior.
        image: name of the image.
    """

    cell: Cell
    image: str

    def __str__(self) -> str:
        return f"{self.cell}/{self.image}"


@dataclass(frozen=True)
class Part:
    """An experiment that is merged.

    Args:
        folder: its folder, as it was named.
        plan: its plan, by its own ``config.yaml`` and the plugins that are here.
    """

    folder: Path
    plan: Plan

    def __str__(self) -> str:
        return str(self.folder)

    @property
    def layout(self) -> Layout:
        """Its files."""
        return self.plan.layout

    @cached_property
    def runs(self) -> Mapping[Restoration, dict[str, Any]]:
        """Its rows of runs."""
        rows = _records(read_table(self.layout.result("runs")))
        return {_restoration(row): row for row in rows}

    @cached_property
    def scores(self) -> Mapping[Restoration, dict[str, dict[str, Any]]]:
        """Its rows of measured scores, by metric."""
        table = read_table(self.layout.result("scores"))
        found: dict[Restoration, dict[str, dict[str, Any]]] = {}
        for row in _records(table[table["source"] == "measured"]):
            found.setdefault(_restoration(row), {})[row["metric"]] = row
        return found

    @cached_property
    def jobs(self) -> Mapping[Restoration, Chunk]:
        """The job that each planned restoration was done by."""
        return {
            Restoration(cell, image): chunk
            for chunk in self.plan.all_chunks()
            for cell, image in chunk.restorations()
        }


def read_parts(folders: Sequence[Path]) -> list[Part]:
    """Return the parts in the folders of at least two experiments.

    Raises:
        MergeError: there are fewer than two folders, one is named twice, one is not finished, or
            their plugins are configured otherwise.
        ConfigError: a configuration does not fit the plugins that are here.
    """
    if len({folder.resolve() for folder in folders}) < max(2, len(folders)):
        raise MergeError("name the folders of at least two experiments, each once")
    parts: list[Part] = []
    registry: Registry | None = None
    for folder in folders:
        layout = Layout(folder)
        for file in (layout.config(), layout.result("runs"), layout.result("scores")):
            if not file.is_file():
                raise MergeError(f"{folder} is no finished experiment: it has no {file.name}")
        experiment = load_experiment(layout.config())
        if parts and experiment.plugins != parts[0].plan.experiment.plugins:
            raise MergeError(
                f"plugins: {parts[0]} has {parts[0].plan.experiment.plugins!r}, "
                f"{folder} has {experiment.plugins!r}"
            )
        # Copied from another machine it may lie, and be called, otherwise than it says.
        whole = folder.absolute()
        place = {"results": str(whole.parent), "experiment": whole.name}
        plan = Plan(experiment.model_copy(update=place), registry)
        registry = plan.registry
        parts.append(Part(folder, plan))
    return parts


def _restoration(row: Mapping[str, Any]) -> Restoration:
    return Restoration(Cell(row["dataset"], row["task"], row["prior"]), row["image"])


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain data, None for NaN."""
    return [
        {str(name): None if value != value else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]
