"""Patches side by side as one picture."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor

GAP = 2
"""Pixels between patches."""


def tile(patches: Tensor, columns: int) -> np.ndarray:
    """Return N × D patches as one picture, row by row, with NaN between them."""
    side = math.isqrt(patches.shape[1])
    rows = math.ceil(len(patches) / columns)
    sheet = np.full((rows, columns, side + GAP, side + GAP), np.nan)
    for number, patch in enumerate(patches.reshape(-1, side, side).numpy()):
        sheet[number // columns, number % columns, :side, :side] = patch
    return sheet.transpose(0, 2, 1, 3).reshape(rows * (side + GAP), -1)[:-GAP, :-GAP]


def show(axes: Axes, picture: np.ndarray, limit: float) -> None:
    """Draw a picture of :func:`tile` in gray from −limit to limit, without ticks; the gaps stay white."""
    options: dict[str, Any] = {
        "cmap": "gray",
        "vmin": -limit,
        "vmax": limit,
        "interpolation": "nearest",
    }
    axes.imshow(picture, **options)
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def to_unit_peak(patches: Tensor) -> Tensor:
    """Return patches, N × D, each divided by its largest absolute value, which is made positive."""
    peak = patches.gather(1, patches.abs().argmax(1, keepdim=True))
    return patches / peak
