"""The transforms of BM3D as matrices."""

from __future__ import annotations

from functools import cache

import numpy as np
import pywt
import scipy.fft
import torch
from torch import Tensor


@cache
def wavelet(name: str, size: int) -> tuple[Tensor, Tensor]:
    """Return a periodic wavelet transform of patches and its inverse, both D × D.

    Args:
        name: a wavelet of PyWavelets.
        size: side of a patch, a power of two; D is its square.
    """
    return _of_patches(_wavelet(name, size))


@cache
def dct(size: int) -> tuple[Tensor, Tensor]:
    """Return the orthonormal discrete cosine transform of patches and its inverse, both D × D."""
    return _of_patches(scipy.fft.dct(np.eye(size), axis=0, norm="ortho"))


@cache
def haar(size: int) -> Tensor:
    """Return the orthonormal Haar transform along a group, ``size`` × ``size``, a power of two."""
    return _float32(_wavelet("haar", size))


@cache
def kaiser(size: int, beta: float) -> Tensor:
    """Return the weights of a patch's pixels, D: a Kaiser window along both axes."""
    line = np.kaiser(size, beta)
    return _float32(np.outer(line, line).ravel())


def _of_patches(line: np.ndarray) -> tuple[Tensor, Tensor]:
    """Return the separable transform that applies ``line`` to rows and columns, and its inverse."""
    square = np.kron(line, line)
    return _float32(square), _float32(np.linalg.inv(square))


def _wavelet(name: str, size: int) -> np.ndarray:
    """Return all levels of a periodic wavelet transform, coarsest first, with rows of unit norm."""
    means, details = np.eye(size), []
    # Level by level down to one coefficient; pywt.wavedec warns of so few.
    while len(means) > 1:
        means, detail = pywt.dwt(means, name, "periodization", axis=0)
        details.append(detail)
    matrix = np.concatenate([means, *reversed(details)])
    rows: np.ndarray = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return rows


def _float32(matrix: np.ndarray) -> Tensor:
    return torch.from_numpy(matrix.astype(np.float32))
