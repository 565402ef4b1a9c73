"""Statistics of blocks of an image that photographs share, whatever they show.

Mittal, Soundararajan & Bovik 2013, doi:10.1109/LSP.2012.2227726.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from priorbench.metrics.generalised_gaussian import fitted
from priorbench.operators.resampling import resampling_matrix

BLOCK = 96
"""Pixels along a side of a block."""
FEATURES = 36
"""Of a block: 18 at each of two scales."""
WINDOW_SIGMA, WINDOW_RADIUS = 7 / 6, 3
"""The window of local means and deviations: a Gaussian of 7 × 7 pixels."""


@dataclass(frozen=True)
class Blocks:
    """The blocks of an image.

    Args:
        features: blocks × 36; NaN where a block is flat.
        sharpness: the mean of the local standard deviation in each block, in gray levels.
    """

    features: np.ndarray
    sharpness: np.ndarray


def block_statistics(plane: np.ndarray) -> Blocks:
    """Return the statistics of all whole blocks of 96 × 96 pixels, without overlap, row by row.

    At each of two scales, the second at half the resolution, these are the parameters of
    generalised Gaussians that fit the normalized gray levels (shape and mean width) and the
    products of each with its neighbour in four directions (shape, mean, width on the left and on
    the right).

    Args:
        plane: gray levels from 0 to 255, H × W, at least one block.
    """
    height, width = (side // BLOCK * BLOCK for side in plane.shape)
    plane = plane[:height, :width]
    features = []
    for side in (BLOCK, BLOCK // 2):
        normalized, deviation = normalize(plane)
        features.append(_features(_blocks(normalized, side)))
        if side == BLOCK:
            sharpness = _blocks(deviation, side).mean(axis=(1, 2))
        plane = _at_half_resolution(plane)
    return Blocks(np.concatenate(features, axis=1), sharpness)


def normalize(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (I − μ) / (σ + 1) and σ, with local means μ and standard deviations σ."""
    mean, square = (
        gaussian_filter(values, WINDOW_SIGMA, radius=WINDOW_RADIUS, mode="nearest")
        for values in (plane, plane**2)
    )
    # Rounding makes the variance of what is flat negative.
    deviation = np.sqrt(np.abs(square - mean**2))
    return (plane - mean) / (deviation + 1), deviation


def _features(blocks: np.ndarray) -> np.ndarray:
    """Return the parameters of the blocks, N × T × T, at one scale, N × 18."""
    levels = fitted(blocks.reshape(len(blocks), -1))
    columns = [levels.shape, (levels.left + levels.right) / 2]
    here, below = blocks[:, :-1], blocks[:, 1:]
    for product in (
        blocks[:, :, :-1] * blocks[:, :, 1:],
        here * below,
        here[:, :, :-1] * below[:, :, 1:],
        here[:, :, 1:] * below[:, :, :-1],
    ):
        pairs = fitted(product.reshape(len(blocks), -1))
        columns += [pairs.shape, pairs.mean, pairs.left, pairs.right]
    return np.stack(columns, axis=1)


def _blocks(plane: np.ndarray, side: int) -> np.ndarray:
    """Return a plane cut in squares, N × side × side."""
    height, width = plane.shape
    cut = plane.reshape(height // side, side, width // side, side).swapaxes(1, 2)
    squares: np.ndarray = cut.reshape(-1, side, side)
    return squares


def _at_half_resolution(plane: np.ndarray) -> np.ndarray:
    """Return a plane shrunk by bicubic interpolation, as MATLAB's ``imresize`` does it."""
    rows, columns = (resampling_matrix(side, side // 2).numpy() for side in plane.shape)
    shrunk: np.ndarray = rows @ plane @ columns.T
    return shrunk
