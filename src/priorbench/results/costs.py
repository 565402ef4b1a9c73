"""What restorations cost: seconds of processors, or on a GPU seconds by the clock."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import pandas as pd

from priorbench.store.status import Status


class Device(StrEnum):
    """Where a restoration was computed, which decides what its cost is."""

    CPU = "cpu"
    GPU = "gpu"


def restoration_costs(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs that gave an image, with two more columns: ``device`` and ``cost``.

    The cost of a restoration on processors is the seconds of all of them, which hardly change when
    other jobs share them. On a GPU, where processors mostly wait, it is the seconds by the clock
    until the device has computed all.

    Args:
        runs: rows of :data:`priorbench.results.schema.RUNS`.
    """
    # A run that was killed at its limit was not measured and gave no image.
    stopped = (runs["status"] == Status.TIMEOUT) & runs["processor_seconds"].notna()
    done = runs[(runs["status"] == Status.OK) | stopped]
    on_gpu = done["device_memory_mb"].notna()
    return done.assign(
        device=np.where(on_gpu, Device.GPU, Device.CPU),
        cost=done["seconds"].where(on_gpu, done["processor_seconds"]),
    )
