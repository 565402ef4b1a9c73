"""What a prior wants kept beside the restored image: its trace and its maps."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from priorbench.jobs.curve import curve_text
from priorbench.priors import Restoration
from priorbench.store.files import write_atomically


def write_extras(result: Restoration, stem: Path) -> None:
    """Write ``<stem>.csv`` for a trace and ``<stem>.npz`` for maps, where there are any."""
    if result.trace:
        write_atomically(stem.with_name(f"{stem.name}.csv"), curve_text(result.trace))
    if result.maps:
        buffer = io.BytesIO()
        arrays = {name: value.cpu().numpy() for name, value in result.maps.items()}
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        write_atomically(stem.with_name(f"{stem.name}.npz"), buffer.getvalue())
