"""Image files as the tensors that operators and priors work on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from priorbench.data.images import planes, read_image, write_image
from priorbench.types import Image

__all__ = ["read_tensor", "to_array", "to_tensor", "write_tensor"]


def to_tensor(array: np.ndarray) -> Image:
    """Return an array H × W or H × W × C as a float32 tensor 1 × C × H × W."""
    return torch.from_numpy(
        np.ascontiguousarray(planes(array).transpose(2, 0, 1), dtype=np.float32)
    )[None]


def to_array(image: Image) -> np.ndarray:
    """Return a tensor 1 × C × H × W as an array H × W × C."""
    return image[0].permute(1, 2, 0).cpu().numpy()


def read_tensor(path: Path) -> Image:
    """Read an image file as a tensor 1 × C × H × W on [0, 1].

    Raises:
        ValueError: the file is not an image that can be read.
    """
    return to_tensor(read_image(path))


def write_tensor(path: Path, image: Image) -> None:
    """Write a tensor 1 × C × H × W, clipped to [0, 1], as 16-bit PNG, atomically."""
    array = to_array(image)
    write_image(path, array[:, :, 0] if array.shape[2] == 1 else array)
