"""Pictures of the leading eigenvectors of components."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from priorbench.studies.sheets import sheet


def eigenvector_sheet(axes: Tensor, rows: int) -> np.ndarray:
    """Return one picture with the eigenvectors of a component in each row.

    Each is divided by its largest value, since an eigenvector and its negative are the same.

    Args:
        axes: K × D × m.
        rows: in the picture; it has empty ones where there are fewer components.
    """
    count, pixels, columns = axes.shape
    pictures = axes.mT.flatten(0, 1)
    peaks = pictures.gather(1, pictures.abs().argmax(1, keepdim=True))
    room = pictures.new_full((rows * columns, pixels), np.nan)
    room[: count * columns] = pictures / peaks
    return sheet(as_tiles(room), columns)


def as_tiles(patches: Tensor) -> Tensor:
    """Return patches, N × D, as tiles, N × √D × √D."""
    side = math.isqrt(patches.shape[1])
    return patches.reshape(-1, side, side)
