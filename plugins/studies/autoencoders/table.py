"""The table of ``vae``."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """A row of the table.

    Args:
        prior: its id.
        quantity: what was measured.
        of: what it was measured of, and how.
        unit: of the value.
        value: a mean.
        n: how many tiles, patches, samples or images it is the mean over.
    """

    prior: str
    quantity: str
    of: str
    unit: str
    value: float
    n: int
