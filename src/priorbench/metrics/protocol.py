"""Which part of two images a task's protocol compares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from priorbench.metrics.fidelity import luma


def compared(
    restored: np.ndarray, clean: np.ndarray, border: Sequence[int], luminance: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return both images, H × W × C, as they are compared.

    Args:
        restored: the restoration.
        clean: the clean image; what it has more at the bottom and at the right is cut.
        border: (rows, columns) cut from each side.
        luminance: whether colour images are compared on their luma.

    Raises:
        ValueError: the border leaves nothing.
    """
    (height, width), (rows, columns) = restored.shape[:2], border
    if min(height - 2 * rows, width - 2 * columns) < 1:
        cut = f"the task cuts {rows} × {columns} from each side"
        raise ValueError(f"{cut}, which leaves nothing of {height} × {width}")
    # Some tasks restore a smaller image than the clean one.
    part = np.s_[rows : height - rows, columns : width - columns]
    restored, clean = restored[part], clean[part]
    return (luma(restored), luma(clean)) if luminance else (restored, clean)
