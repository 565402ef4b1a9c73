"""Early stopping: the end of a training whose measurements make no progress."""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["Patience"]


class Patience:
    """Watches a value that should be high.

    Args:
        limit: how many measurements without progress end the training.
        tolerance: by how much a measurement must exceed the best before it to count as progress.
        values: those measured already.
    """

    def __init__(self, limit: int, tolerance: float = 0.0, values: Iterable[float] = ()) -> None:
        self.limit, self.tolerance = limit, tolerance
        self.best, self.waited = -math.inf, 0
        for value in values:
            self.is_best(value)

    def is_best(self, value: float) -> bool:
        """Take in a measurement; return whether it is higher than all before it."""
        self.waited = 0 if value > self.best + self.tolerance else self.waited + 1
        better = value > self.best
        self.best = max(self.best, value)
        return better

    @property
    def exhausted(self) -> bool:
        """Whether there was no progress in the last ``limit`` measurements."""
        return self.waited >= self.limit
