"""Pictures side by side in a figure."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor

__all__ = ["sheet", "show"]

GAP = 2
"""Pixels between tiles."""


def sheet(tiles: Tensor, columns: int, gap: int = GAP) -> np.ndarray:
    """Return tiles, N × T × T, as one picture, row by row, with NaN between them."""
    size = tiles.shape[-1]
    rows = -(-len(tiles) // columns)
    found = np.full((rows, columns, size + gap, size + gap), np.nan)
    for number, tile in enumerate(tiles.numpy()):
        found[number // columns, number % columns, :size, :size] = tile
    return found.transpose(0, 2, 1, 3).reshape(rows * (size + gap), -1)[:-gap, :-gap]


def show(axes: Axes, picture: np.ndarray, low: float, high: float) -> None:
    """Draw a picture, H × W, in gray from ``low`` to ``high``, without ticks; NaN stays white."""
    axes.imshow(picture, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
