"""Masks and blur kernels of one's own, from files."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch

from priorbench.data.images import read_picture
from priorbench.store.files import read_at_most
from priorbench.types import Known

MOST_BYTES = 2**26
"""Of a kernel as a NumPy array."""


def read_mask(path: Path) -> Known:
    """Return a mask as a bool matrix, H × W, true where a pixel is known.

    A pixel is known where the mask is opaque and brighter than mid-gray.

    Raises:
        ValueError: the file can't be read as an image, or no pixel is known.
    """
    picture = read_picture(path)
    known = picture.colour.mean(axis=2) > 0.5
    if picture.alpha is not None:
        known &= picture.alpha > 0.5
    if not known.any():
        raise ValueError(
            f"the mask {path} hides every pixel: it must be white and opaque where a pixel is known"
        )
    return torch.from_numpy(known)


def read_kernel(path: Path) -> np.ndarray:
    """Return a blur kernel, float64, at least 0, divided by its sum.

    Args:
        path: an image, gray, black or transparent where the kernel is 0; or a matrix in NumPy's
            format ``.npy``.

    Raises:
        ValueError: the file can't be read, or is no kernel: a matrix with odd sides, finite, not
            negative, not zero.
    """
    kernel = _matrix(path) if path.suffix.lower() == ".npy" else _gray(path)
    rows, columns = kernel.shape
    if rows % 2 == 0 or columns % 2 == 0:
        raise ValueError(
            f"the kernel {path} is {rows} × {columns}: "
            "it needs odd sides, so that it has a centre. Add a row or a column of zeros at one "
            "side; which one shifts the image by half a pixel"
        )
    if not np.isfinite(kernel).all() or kernel.min() < 0:
        raise ValueError(f"the kernel {path} must hold finite values of at least 0")
    if not kernel.sum() > 0:
        raise ValueError(f"the kernel {path} is zero everywhere")
    normalised: np.ndarray = kernel / kernel.sum()
    return normalised


def _gray(path: Path) -> np.ndarray:
    picture = read_picture(path)
    colour = picture.colour.astype(np.float64)
    # One level apart is what rounding does to gray.
    if np.ptp(colour, axis=2).max() > 1 / 255:
        raise ValueError(f"the kernel {path} is in colour; it must be gray")
    gray: np.ndarray = colour.mean(axis=2)
    # Transparent means zero, whatever colour lies below.
    return gray if picture.alpha is None or picture.premultiplied else gray * picture.alpha


def _matrix(path: Path) -> np.ndarray:
    data = read_at_most(path, MOST_BYTES)
    try:
        matrix = np.load(io.BytesIO(data), allow_pickle=False)
    except Exception as error:
        raise ValueError(f"{path} can't be read as a NumPy array: {error}") from error
    if not isinstance(matrix, np.ndarray) or matrix.ndim != 2 or matrix.dtype.kind not in "buif":
        what = getattr(matrix, "shape", "an archive")
        raise ValueError(f"the kernel {path} must be a matrix of real numbers, not {what}")
    if not matrix.size:
        raise ValueError(f"the kernel {path} is empty")
    return matrix.astype(np.float64)
