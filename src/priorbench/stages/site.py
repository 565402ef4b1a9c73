"""Stage ``site``: one page to browse the results, with its data and pictures."""

from __future__ import annotations

from pathlib import Path

from priorbench.plan import Plan
from priorbench.site.build import build


def site(plan: Plan, processes: int = 1) -> Path:
    """Write ``site/index.html`` and all that it shows.

    Args:
        plan: the experiment.
        processes: how many make pictures at a time.

    Returns:
        the page.

    Raises:
        FileNotFoundError: a table or a figure is not there yet.
        StorageError: a restoration, a problem or an image is not what was made, or a disk is full.
        ValueError: rows or a table can't be read.
    """
    return build(plan, processes)
