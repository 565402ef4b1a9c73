"""How long work takes: by the clock, and of the processors."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    """Seconds of a piece of work, or since moments that only differences give a meaning.

    Args:
        wall: seconds by the clock.
        processor: seconds of all processors together, in user and system mode: of all threads of
            this process, and of its child processes that have ended and were waited for.
    """

    wall: float = 0.0
    processor: float = 0.0

    @classmethod
    def now(cls) -> Times:
        """Return both clocks as they stand."""
        wall = time.perf_counter()
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(wall, time.process_time() + children.ru_utime + children.ru_stime)

    def __add__(self, other: Times) -> Times:
        return Times(self.wall + other.wall, self.processor + other.processor)

    def __sub__(self, other: Times) -> Times:
        return Times(self.wall - other.wall, self.processor - other.processor)
