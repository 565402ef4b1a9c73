"""The restorations of a prior on a data set, cut into jobs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from priorbench.store.cell import Cell
from priorbench.store.chunk import Chunk, Part

if TYPE_CHECKING:
    from priorbench.plan.plan import Plan

MOST = 1000
"""The most restorations of a job: what a lost job has to look through when it is sent again."""


def chunks_of(plan: Plan, dataset: str, prior: str) -> list[Chunk]:
    """Return the restorations of a prior on a data set in chunks, one for each job.

    Tasks follow one another, each with its images in their order. A chunk is full when it takes
    ``job_minutes``, or has as many restorations as the prior wants in a job.
    """
    chosen = plan.prior(prior)
    images = tuple(plan.dataset(dataset).images)
    most, minutes = MOST, plan.experiment.job_minutes
    if chosen.restorations_per_job:
        most, minutes = chosen.restorations_per_job, math.inf
    cut = _Cut(60 * minutes, most)
    for cell in plan.cells([prior]):
        if cell.dataset == dataset:
            cut.add(cell, images, plan.limits.expected_seconds(cell))
    return [Chunk(dataset, prior, number, parts) for number, parts in enumerate(cut.chunks())]


class _Cut:
    """Restorations that are put into chunks, one after the other.

    Args:
        seconds: how long a chunk lasts at most, unless it has one restoration.
        most: how many restorations it has at most.
    """

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds, self._most = seconds, most
        self._full: list[tuple[Part, ...]] = []
        self._open()

    def add(self, cell: Cell, images: tuple[str, ...], seconds: float) -> None:
        """Add the images of a cell, each of which takes a given number of seconds."""
        start = 0
        while start < len(images):
            if self._parts and self._room(seconds) == 0:
                self._close()
            # What takes longer than a chunk is one of its own.
            room = max(1, self._room(seconds))
            part = images[start : start + room]
            self._parts.append(Part(cell, part))
            self._left -= len(part) * seconds
            self._count += len(part)
            start += len(part)

    def chunks(self) -> list[tuple[Part, ...]]:
        """Return the parts of each chunk."""
        return [*self._full, tuple(self._parts)] if self._parts else self._full

    def _room(self, seconds: float) -> int:
        """Return how many restorations of a given number of seconds the open chunk can take."""
        return max(0, int(min(self._left / seconds, self._most - self._count)))

    def _close(self) -> None:
        self._full.append(tuple(self._parts))
        self._open()

    def _open(self) -> None:
        self._parts: list[Part] = []
        self._left = self._seconds
        self._count = 0
