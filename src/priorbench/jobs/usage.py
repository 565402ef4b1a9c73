"""Wall-clock time and peak memory of a piece of work, measured inside the process."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


class Measure:
    """Measures from its making on.

    On Linux the kernel's high-water mark is reset first, so that the peak belongs to this work
    alone. Elsewhere it is the highest of the whole process so far.
    """

    def __init__(self) -> None:
        try:
            _CLEAR.write_text("5")
        except OSError:
            self._resettable = False
        else:
            self._resettable = True
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._start

    @property
    def peak_memory_mb(self) -> float:
        """Highest resident memory since the start, in MiB."""
        if self._resettable:
            for line in _STATUS.read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1024**2 if sys.platform == "darwin" else 1024)
