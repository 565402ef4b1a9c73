"""The restorations of one job: of one prior on one data set, over tasks and images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from priorbench.store.cell import Cell


@dataclass(frozen=True)
class Part:
    """The images that a job restores of one cell.

    Args:
        cell: data set, task and prior.
        images: names of the images.
    """

    cell: Cell
    images: tuple[str, ...]


@dataclass(frozen=True)
class Chunk:
    """The restorations of one job, which another job scores.

    Args:
        dataset: id of the data set.
        prior: id of the prior.
        number: counted from 0 for each data set and prior.
        parts: the images of each task, no task twice.
    """

    dataset: str
    prior: str
    number: int
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        """Return ``dataset/prior/number``, which is a part of paths too."""
        return f"{self.dataset}/{self.prior}/{self.number}"

    def __len__(self) -> int:
        """Return the number of restorations."""
        return sum(len(part.images) for part in self.parts)

    @property
    def tasks(self) -> list[str]:
        """The ids of the tasks."""
        return [part.cell.task for part in self.parts]

    def restorations(self) -> Iterator[tuple[Cell, str]]:
        """Yield cell and image of each restoration."""
        for part in self.parts:
            for image in part.images:
                yield part.cell, image


WILDCARDS = "{dataset}/{prior}/{chunk}"
"""Stands for every chunk in the patterns of Snakemake's rules."""
