"""Bands of rows: as large as the cache allows, and some for each thread."""

from __future__ import annotations

BAND = 1 << 20
"""Numbers in a band, 4 MiB, of a large map."""

PARTS = 2
"""Least bands of a map for any number of threads, on which the result must not depend."""

LEAST = 1 << 17
"""Least numbers in a band: handing one to another thread costs as much as some thousands."""


def band_count(numbers: int) -> int:
    """Return how many bands a map of this many numbers has."""
    return max(1, numbers // BAND, min(PARTS, numbers // LEAST))
