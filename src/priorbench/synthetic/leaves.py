"""Leaves: drawn at random, and rendered as the map of which one is in front. Heavy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from priorbench.seeds import derive_seed
from priorbench.synthetic.sources import DeadLeavesParameters

CORNERS = 6
"""The most corners of a polygon."""

POLYGON = 0.6
"""The area of a polygon as a part of its circle's, on average."""

BARE = np.iinfo(np.int32).max
"""What the map holds where there is no leaf: every leaf lies in front of it."""

MOST = 1 << 22
"""The most leaves that are drawn at once: half a gigabyte."""


@dataclass(frozen=True)
class Leaves:
    """N leaves, the first in front; lengths in pixels, the image is [0, width] × [0, height].

    Args:
        radius: of the circle that holds the leaf, N.
        x: centre, N.
        y: centre, N.
        polygon: whether it is a polygon, N; else it is the disc.
        slope: of each edge, Δx/Δy, CORNERS × N.
        left: where an edge that bounds the leaf on its left meets the centre's row, relative to the
            centre, CORNERS × N; −∞ for others.
        right: the same on its right; ∞ for others. Where all leaves are discs, the three are empty.
    """

    radius: np.ndarray
    x: np.ndarray
    y: np.ndarray
    polygon: np.ndarray
    slope: np.ndarray
    left: np.ndarray
    right: np.ndarray

    def __len__(self) -> int:
        return len(self.radius)


def generator_of(
    parameters: DeadLeavesParameters, number: int, use: str, batch: int = 0
) -> np.random.Generator:
    """Return the randomness of an image for one use, the same in every process."""
    return np.random.default_rng(
        derive_seed(parameters.seed, "dead-leaves", str(number), use, str(batch))
    )


def draw_leaves(
    parameters: DeadLeavesParameters,
    height: int,
    width: int,
    depth: float,
    generator: np.random.Generator,
) -> Leaves:
    """Return leaves of a stationary process that meet an image, ``depth`` over a point in the mean.

    With a density of radii ∝ r^−α and centres uniform in the plane, the leaves whose bounding
    square meets the image have radii of density ∝ r^−α (H + 2r)(W + 2r): a mixture of three power
    laws. Drawing from it gives what a margin of r_max would, without the small leaves outside that
    nobody sees.

    Args:
        parameters: the law of the leaves.
        height: H in pixels.
        width: W in pixels.
        depth: leaves over a point; −log of the part that stays bare.
        generator: randomness.

    Raises:
        ValueError: the leaves are too small and too many to be kept.
    """
    low, high = parameters.r_min, parameters.largest_radius
    exponents = [power - parameters.alpha for power in range(3)]
    weights = np.array([height * width, 2 * (height + width), 4])
    masses = weights * [power_law_integral(exponent, low, high) for exponent in exponents]
    chance = {"disc": 0.0, "polygon": 1.0, "both": 0.5}[parameters.shapes]
    area = math.pi * (1 - chance + chance * POLYGON)
    covered = area * power_law_integral(2 - parameters.alpha, low, high)
    count = math.ceil(depth * masses.sum() / covered)
    if count > MOST:
        size = f"{height} × {width} pixels with r_min = {low:g} and alpha = {parameters.alpha:g}"
        raise ValueError(
            f"{size} need {count} leaves; "
            f"make r_min larger, or the image smaller (at most {MOST} leaves)"
        )

    power = np.searchsorted(np.cumsum(masses / masses.sum())[:-1], generator.random(count))
    uniform, radius = generator.random(count), np.empty(count)
    for each, exponent in enumerate(exponents):
        radius[power == each] = power_law(uniform[power == each], exponent, low, high)
    x, y = (generator.random(count) * (side + 2 * radius) - radius for side in (width, height))
    polygon = generator.random(count) < chance
    return Leaves(radius, x, y, polygon, *_edges(radius if chance else radius[:0], generator))


def power_law(uniform: np.ndarray, exponent: float, low: float, high: float) -> np.ndarray:
    """Return numbers of density ∝ r^exponent on [low, high] from uniform ones on [0, 1]."""
    span = math.log(high / low)
    scale = (exponent + 1) * span
    # r^(p+1) is uniform between its ends; in this form it holds near p = −1 too, where log r is.
    # The end of a steep law is lost in rounding.
    with np.errstate(divide="ignore"):
        logarithm = uniform if abs(scale) < 1e-9 else np.log1p(uniform * math.expm1(scale)) / scale
    return low * np.exp(span * np.minimum(logarithm, 1))


def power_law_integral(exponent: float, low: float, high: float) -> float:
    """Return ∫ r^exponent dr from ``low`` to ``high``."""
    span = math.log(high / low)
    scale = (exponent + 1) * span
    return float(
        low ** (exponent + 1) * span * (1 if abs(scale) < 1e-9 else math.expm1(scale) / scale)
    )


def _edges(
    radius: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return slope, left and right of convex polygons whose corners lie on the circles."""
    count = len(radius)
    corners = generator.integers(3, CORNERS + 1, count)
    place = np.minimum(np.arange(CORNERS)[:, None], corners - 1)
    # Jitter below the corners' distance keeps their order. A corner that is there twice has an edge
    # of no length.
    jitter = np.take_along_axis(0.7 * generator.random((CORNERS, count)), place, axis=0)
    angle = 2 * math.pi * (generator.random(count) + (place + jitter) / corners)
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    dx, dy = np.roll(x, -1, axis=0) - x, np.roll(y, -1, axis=0) - y
    slope = np.divide(dx, dy, out=np.zeros_like(dx), where=dy != 0)
    meets = x - slope * y
    left, right = np.where(dy < 0, meets, -np.inf), np.where(dy > 0, meets, np.inf)
    return slope.astype(np.float32), left.astype(np.float32), right.astype(np.float32)


def cover(labels: np.ndarray, leaves: Leaves, first: int, top: int, samples: int) -> None:
    """Put leaves behind those that are in a map of labels already.

    Each leaf is one span in each row it meets, and a sample belongs to the smallest label of the
    spans over it. These minima are found for all samples at once: a span of length n is the union
    of two spans of length 2^k ≤ n, which begin with it and end with it, so it is noted in two
    places of a table of level k; then, from long to short, each place hands its minimum to the two
    halves of its span, one level below. That costs two operations for a span and one for a sample
    and level, however many leaves lie over each other. It is the sparse table of range minimum
    queries (Bender & Farach-Colton 2000, doi:10.1007/10719839_9) run backwards.

    Args:
        labels: rows of samples, h × w, int32; the label of the leaf in front, or BARE. Changed in
            place.
        leaves: sorted from front to back.
        first: label of the first leaf.
        top: the row of samples of the image that ``labels`` begins with.
        samples: samples along a side of a pixel.
    """
    leaf, row, begin, end = _spans(leaves, top, labels.shape, samples)
    if not len(leaf):
        return
    level = np.frexp(end - begin)[1] - 1
    order = np.argsort(level, kind="stable")
    parts = np.searchsorted(level[order], np.arange(level.max() + 2))
    label = (first + leaf[order]).astype(np.int32)
    begin, end = (row * labels.shape[1] + column for column in (begin, end))
    begin, end = begin[order], end[order]
    front = np.full(labels.size, BARE, np.int32)
    for k in range(level.max(), -1, -1):
        part = slice(parts[k], parts[k + 1])
        np.minimum.at(front, begin[part], label[part])
        np.minimum.at(front, end[part] - (1 << k), label[part])
        if k:
            half = 1 << (k - 1)
            np.minimum(front[half:], front[:-half], out=front[half:])
    np.minimum(labels, front.reshape(labels.shape), out=labels)


def _spans(
    leaves: Leaves, top: int, shape: tuple[int, ...], samples: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return leaf, row, first column and end column of each leaf in each row of samples."""
    height, width = shape
    near = np.flatnonzero(
        (leaves.y + leaves.radius >= top / samples)
        & (leaves.y - leaves.radius <= (top + height) / samples)
    )
    centre, radius = leaves.y[near], leaves.radius[near]
    lowest = np.maximum(_samples_before(centre - radius, samples), top)
    rows = np.maximum(
        np.minimum(_samples_before(centre + radius, samples), top + height) - lowest, 0
    )
    leaf = np.repeat(near, rows)
    row = np.arange(len(leaf)) + np.repeat(lowest - np.cumsum(rows) + rows, rows)

    y = (row + 0.5) / samples - leaves.y[leaf]
    right = np.sqrt(np.maximum(leaves.radius[leaf] ** 2 - y**2, 0))
    left = -right
    cut = np.flatnonzero(leaves.polygon[leaf])
    which, cut_y, cut_left, cut_right = leaf[cut], y[cut], left[cut], right[cut]
    for slope, edge_left, edge_right in zip(leaves.slope, leaves.left, leaves.right, strict=True):
        shift = slope[which] * cut_y
        np.maximum(cut_left, edge_left[which] + shift, out=cut_left)
        np.minimum(cut_right, edge_right[which] + shift, out=cut_right)
    left[cut], right[cut] = cut_left, cut_right
    x = leaves.x[leaf]
    begin = np.maximum(_samples_before(x + left, samples), 0)
    end = np.minimum(_samples_before(x + right, samples), width)
    hit = begin < end
    return leaf[hit], row[hit] - top, begin[hit], end[hit]


def _samples_before(place: np.ndarray, samples: int) -> np.ndarray:
    """Return how many samples lie before a place: they are in the middle of their squares."""
    return np.ceil(place * samples - 0.5).astype(np.int64)
