"""The photograph that a study looks at."""

from __future__ import annotations

import numpy as np

from priorbench.data.tensors import to_array
from priorbench.data.transform import to_gray
from priorbench.studies.experiment import Experiment

__all__ = ["NO_PHOTOGRAPH", "first_photograph"]

SMALLEST = 32
"""Side of a photograph in pixels, at least."""
NO_PHOTOGRAPH = f"no test image of {SMALLEST} × {SMALLEST} at least"
"""Why a study has nothing to look at."""


def first_photograph(experiment: Experiment) -> np.ndarray | None:
    """Return the first test image that is not too small, gray, H × W on [0, 1], or None."""
    for image in experiment.clean_images().values():
        array = to_array(image)
        if min(array.shape[:2]) >= SMALLEST:
            return to_gray(array) if array.shape[2] == 3 else array.mean(2)
    return None
