"""How much of each cell is there while a run goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import pandas as pd

CellName: TypeAlias = tuple[str, str, str]
"""Data set, task and prior."""
Planned: TypeAlias = Mapping[CellName, int]
"""How many images each cell will have; a cell that is missing is not run."""


@dataclass(frozen=True)
class Coverage:
    """The images of each cell that are there, out of those that are planned.

    Args:
        planned: how many each cell will have.
        done: how many it has.
    """

    planned: Planned
    done: Mapping[CellName, int]

    @classmethod
    def of(cls, rows: pd.DataFrame, planned: Planned) -> Coverage:
        """Count the images among the measured ``rows`` of runs, or of the scores of one metric."""
        measured = rows[rows["source"] == "measured"]
        images = measured[["dataset", "task", "prior", "image"]].drop_duplicates()
        return cls(
            planned, Counter(zip(images["dataset"], images["task"], images["prior"], strict=True))
        )

    def images(self, dataset: str) -> int:
        """Return how many images a data set has."""
        return max((count for cell, count in self.planned.items() if cell[0] == dataset), default=0)

    def is_whole(self, cell: CellName) -> bool:
        """Whether all images of a cell are there; one that is not run lacks none."""
        return self.done.get(cell, 0) >= self.planned.get(cell, 0)

    def is_whole_column(self, dataset: str, task: str) -> bool:
        """Whether every prior has all images of a data set and task, so that means compare."""
        return all(self.is_whole(cell) for cell in self.planned if cell[:2] == (dataset, task))

    def words(self, cell: CellName, used: int, failed: int = 0) -> str:
        """Return how much a number stands for, for example ``(12/68)`` or ``(10/68, 2 failed)``."""
        return f"({used}/{self.planned.get(cell, 0)}{f', {failed} failed' if failed else ''})"

    def note(self) -> str:
        """Return the sentence that stands under every table."""
        done = sum(min(self.done.get(cell, 0), count) for cell, count in self.planned.items())
        return (
            f"Not finished: {done} of {sum(self.planned.values())} planned restorations "
            "are in this table."
        )

    def notes(self) -> tuple[str, ...]:
        """Return that sentence, or nothing when all is there."""
        return () if all(map(self.is_whole, self.planned)) else (self.note(),)


def comparable(scores: pd.DataFrame, planned: Planned, metrics: Iterable[str]) -> pd.DataFrame:
    """Return the scores of columns where every prior has all images, metric by metric."""
    parts = [scores.iloc[:0]]
    for metric in metrics:
        own = scores[scores["metric"] == metric]
        coverage = Coverage.of(own, planned)
        parts += [
            group
            for (dataset, task), group in own.groupby(["dataset", "task"], sort=False)
            if coverage.is_whole_column(str(dataset), str(task))
        ]
    return pd.concat(parts)
