"""Filters of numpy arrays on torch images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from priorbench.types import Image


def on_array(image: Image, function: Callable[[np.ndarray], np.ndarray]) -> Image:
    """Apply a filter to images, wherever they lie.

    Args:
        image: B × C × H × W.
        function: takes an array of that shape and returns another one.
    """
    filtered = function(image.detach().cpu().numpy())
    return torch.from_numpy(np.ascontiguousarray(filtered)).to(image)
