"""Diffusion by a tensor on the grid of pixels.

A cell lies between four pixels. Cells of the border reach half out of the image, which is continued
by repeating its outermost pixels, so an image of H × W has (H + 1) × (W + 1) cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tensors:
    """A symmetric matrix of 2 × 2 in each cell, B × 1 × (H + 1) × (W + 1) each.

    Args:
        across: along rows, the element of x and x.
        mixed: the element of x and y.
        down: along columns, the element of y and y.
    """

    across: np.ndarray
    mixed: np.ndarray
    down: np.ndarray


@dataclass(frozen=True)
class Eigen:
    """The eigenvalues of :class:`Tensors`, and the direction of the greater one.

    Args:
        greater: eigenvalue.
        lesser: eigenvalue.
        cosine: of twice the angle from the x axis to the greater one's direction.
        sine: of that.
    """

    greater: np.ndarray
    lesser: np.ndarray
    cosine: np.ndarray
    sine: np.ndarray


def gradients(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ∂u/∂x and ∂u/∂y in each cell of B × C × H × W."""
    x, y = _differences(u)
    return _means(x, axis=2), _means(y, axis=3)


def divergence(u: np.ndarray, tensors: Tensors) -> np.ndarray:
    """Return div(D ∇u), B × C × H × W, with nothing flowing over the border.

    It is minus the gradient of Σ ½ ∇uᵀ D ∇u over all cells, those of the border counted half, where
    the sum in a cell is the mean over its four corners, each with its own two differences. So it
    conserves the mean and damps every pattern, a chessboard too, which gradients in the middle of
    the cells don't see. With D = I it is the Laplacian of four neighbours.
    """
    x, y = _differences(u)
    mixed_x, mixed_y = tensors.mixed * _means(x, axis=2), tensors.mixed * _means(y, axis=3)
    # An edge lies between two cells. Those along the border are no edges of pixels.
    flow_x = _means(tensors.across, axis=2) * x[..., 1:-1, :] + _means(mixed_y, axis=2)
    flow_y = _means(tensors.down, axis=3) * y[..., 1:-1] + _means(mixed_x, axis=3)
    flow_x[..., [0, -1]] = 0
    flow_y[..., [0, -1], :] = 0
    inflow: np.ndarray = np.diff(flow_x, axis=3) + np.diff(flow_y, axis=2)
    return inflow


def eigen(tensors: Tensors) -> Eigen:
    """Return the eigenvalues in each cell; equal ones have no direction, and cosine = sine = 0."""
    trace, difference = tensors.across + tensors.down, tensors.across - tensors.down
    gap = np.hypot(difference, 2 * tensors.mixed)
    scale = 1 / np.where(gap > 0, gap, 1)
    return Eigen(
        greater=(trace + gap) / 2,
        lesser=(trace - gap) / 2,
        cosine=difference * scale,
        sine=2 * tensors.mixed * scale,
    )


def tensors_of(eigenvalues: Eigen) -> Tensors:
    """Return the matrices that have these eigenvalues and directions."""
    mean = (eigenvalues.greater + eigenvalues.lesser) / 2
    half = (eigenvalues.greater - eigenvalues.lesser) / 2
    return Tensors(
        across=mean + half * eigenvalues.cosine,
        mixed=half * eigenvalues.sine,
        down=mean - half * eigenvalues.cosine,
    )


def _differences(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the differences along rows, (H + 2) × (W + 1), and columns, (H + 1) × (W + 2)."""
    padded = np.pad(u, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    return np.diff(padded, axis=3), np.diff(padded, axis=2)


def _means(array: np.ndarray, axis: int) -> np.ndarray:
    """Return the means of neighbours along an axis of four."""
    moved = np.moveaxis(array, axis, 0)
    return np.moveaxis((moved[1:] + moved[:-1]) / 2, 0, axis)
