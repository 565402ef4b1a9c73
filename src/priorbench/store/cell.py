"""The cells of an experiment: one prior on one task of one data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, order=True)
class Cell:
    """One prior on one task of one data set; its images are restored by one or more jobs.

    Args:
        dataset: id of the data set.
        task: id of the task.
        prior: id of the prior.
    """

    dataset: str
    task: str
    prior: str

    def __str__(self) -> str:
        """Return ``dataset/task/prior``, which is a part of paths too."""
        return f"{self.dataset}/{self.task}/{self.prior}"


def cell_of(row: Mapping[str, Any]) -> Cell:
    """Return the cell that a row of runs or scores is of.

    Raises:
        KeyError: a column is missing.
    """
    return Cell(row["dataset"], row["task"], row["prior"])
