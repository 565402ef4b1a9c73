"""scikit-image's functions on torch images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from priorbench.types import Image


def on_each_image(image: Image, function: Callable[[np.ndarray], np.ndarray]) -> Image:
    """Apply ``function`` to each image of a batch.

    Args:
        image: B × C × H × W.
        function: takes an array H × W × C and returns one of that shape, where C = 1 may be
            missing.
    """
    arrays = image.permute(0, 2, 3, 1).cpu().numpy()
    results = np.stack([function(array).reshape(array.shape) for array in arrays])
    return torch.from_numpy(results).permute(0, 3, 1, 2).to(image).contiguous()
