"""How many bands of rows a map is taken in: few enough to fill the cache, and some for each thread."""

from __future__ import annotations

BAND = 1 << 20
"""Numbers in a band, 4 MiB, of a large map."""

PARTS = 2
"""Bands that a map has at least, whatever the number of threads: the result must not depend on it."""

LEAST = 1 << 17
"""Numbers in a band at least: to hand one to another thread takes as long as to compute some thousands."""


def band_count(numbers: int) -> int:
    """Return how many bands a map of so many numbers has."""
    return max(1, numbers // BAND, min(PARTS, numbers // LEAST))
