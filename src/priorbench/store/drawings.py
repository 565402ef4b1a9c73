"""In which of its formats a figure is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

LARGEST_SVG = 300_000
"""Bytes of the largest SVG that a page takes in."""


def shown_format(svg: Path) -> Literal["svg", "png"]:
    """Return ``svg``, or ``png`` for a figure whose SVG is large; before it is drawn, ``svg``."""
    return "png" if svg.exists() and svg.stat().st_size > LARGEST_SVG else "svg"
