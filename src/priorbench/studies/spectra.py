"""Power of pictures by frequency."""

from __future__ import annotations

from priorbench.numerics.rings import sum_in_rings

__all__ = ["OCTAVES", "sum_in_rings"]

OCTAVES = {"1/32 to 1/16": 1 / 32, "1/16 to 1/8": 1 / 16, "1/8 to 1/4": 1 / 8}
"""Octaves of frequency by name, with the lowest frequency of each, in cycles per pixel."""
