"""Blur kernels by name or from a file: float64, odd sides, not negative, sum 1."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from priorbench.data.levin import COUNT, levin_kernel
from priorbench.errors import unknown
from priorbench.tasks.files import read_kernel


def blur_kernel(name: str) -> np.ndarray:
    """Return the kernel with this name, or in this file.

    ==============  ==========================================================================
    ``gaussian``    standard deviation 1.6, 25 × 25
    ``box``         9 × 9, the uniform blur of the field's scenario since 2003
    ``disk``        radius 3, out of focus
    ``motion``      a straight line of 15 pixels at 45°
    ``levin1`` …    eight measured camera shakes, Levin et al. 2009, doi:10.1109/CVPR.2009.5206815
    ``shake1`` …    a generated camera shake, 25 × 25; the number is the seed
    ``k.png`` …     a file, by its dot or slash; see :func:`.read_kernel`
    ==============  ==========================================================================

    Raises:
        ValueError: there is no such kernel, or the file holds none.
    """
    if "." in name or "/" in name:
        return read_kernel(Path(name))
    if shaken := re.fullmatch(r"shake(\d+)", name):
        return camera_shake(int(shaken[1]))
    if recorded := re.fullmatch(rf"levin([1-{COUNT}])", name):
        return levin_kernel(int(recorded[1]))
    if name in SHAPES:
        return SHAPES[name]()
    numbered = [f"levin{index}" for index in range(1, COUNT + 1)]
    raise ValueError(unknown("kernel", name, [*SHAPES, *numbered, "shake<seed>"]))


def gaussian(deviation: float, radius: int) -> np.ndarray:
    """Return a sampled Gaussian with 2 · radius + 1 pixels a side."""
    offset = np.arange(-radius, radius + 1)
    row = np.exp(-(offset**2) / (2 * deviation**2))
    return _normalised(row[:, None] * row)


def camera_shake(seed: int, side: int = 25, steps: int = 2000) -> np.ndarray:
    """Return the path of a shaking camera as a kernel.

    The hand's velocity is a random walk that is drawn back to rest, as in Boracchi & Foi 2012,
    doi:10.1109/TIP.2012.2192126, without their impulses. The path is scaled to fill the kernel and
    centred on its centre of mass.

    Args:
        seed: another path for each.
        side: pixels a side, odd.
        steps: points of the path.
    """
    generator = np.random.default_rng(seed)
    velocity, position = np.zeros(2), np.zeros(2)
    path = np.empty((steps, 2))
    for index, push in enumerate(generator.normal(size=(steps, 2))):
        # The factor below 1 draws the hand back to rest.
        velocity = 0.995 * velocity + push
        position = position + velocity
        path[index] = position
    path -= path.mean(axis=0)
    # One pixel is left on each side for the interpolation.
    path *= (side // 2 - 1) / np.abs(path).max()
    return _rasterised(path, side)


def _disk() -> np.ndarray:
    # Each pixel's share of the disk, from 32 × 32 points in it.
    points = (np.arange(7 * 32) + 0.5) / 32 - 3.5
    inside = (points[:, None] ** 2 + points**2 <= 9).astype(float)
    return _normalised(inside.reshape(7, 32, 7, 32).sum(axis=(1, 3)))


def _motion() -> np.ndarray:
    along = np.linspace(-7, 7, 1401) / np.sqrt(2)
    return _rasterised(np.stack([along, -along], axis=1), 13)


def _rasterised(path: np.ndarray, side: int) -> np.ndarray:
    """Return how long each pixel is visited, every point shared among its four nearest pixels."""
    kernel = np.zeros((side, side))
    place = path + side // 2
    corner = np.floor(place).astype(int)
    fraction = place - corner
    for row in (0, 1):
        for column in (0, 1):
            share = np.abs(1 - row - fraction[:, 0]) * np.abs(1 - column - fraction[:, 1])
            cell = np.minimum(corner + np.array([row, column]), side - 1)
            np.add.at(kernel, (cell[:, 0], cell[:, 1]), share)
    return _normalised(kernel)


def _normalised(kernel: np.ndarray) -> np.ndarray:
    normalised: np.ndarray = kernel / kernel.sum()
    return normalised


SHAPES: dict[str, Callable[[], np.ndarray]] = {
    "gaussian": lambda: gaussian(1.6, radius=12),
    "box": lambda: np.full((9, 9), 1 / 81),
    "disk": _disk,
    "motion": _motion,
}
